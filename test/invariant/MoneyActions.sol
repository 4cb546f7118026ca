// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {ISourceRegistry} from "../../contracts/interfaces/ISourceRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Controller} from "../../contracts/libraries/Controller.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {PriceParameters} from "../../contracts/types/Market.sol";
import {PanelPlay} from "./PanelPlay.sol";
import {VM} from "./Vm.sol";

/// @title MoneyActions
/// @notice Coin that comes, goes and moves, and what publishers and the governor set.
abstract contract MoneyActions is PanelPlay {
    function deposit(uint256 seed) external step(seed) {
        address to = _someone();
        uint256 amount = _rarely(16) ? 0 : _draw(200 ether);
        _deposit(to, amount);
        // Coin that came without a deposit belongs to nobody.
        if (_rarely(4)) VM.deal(address(escrow), address(escrow).balance + 1 ether);
    }

    function withdraw(uint256 seed) external step(seed) {
        address caller = _someone();
        uint256 free = _balances[caller].free;
        uint256 amount = _rarely(8) ? free + _draw(2) : _draw(free + 1) / 8;
        bool may = amount != 0 && amount <= free;
        uint256 before = STRANGER.balance;
        bool done = _call(caller, 0, address(escrow), abi.encodeCall(IEscrow.withdrawTo, (STRANGER, amount)));
        _must(14, may == done && STRANGER.balance - before == (may ? amount : 0));
        if (!may) return;
        _balances[caller].free -= amount;
        _flows.withdrawn += amount;
    }

    function transfer(uint256 seed) external step(seed) {
        address caller = _someone();
        uint256 way = _draw(8);
        address to =
            way == 0
                ? address(pool)
                : way == 1
                    ? address(taskManager)
                    : _someone();
        uint256 free = _balances[caller].free;
        uint256 amount = _rarely(8) ? free + _draw(2) : _draw(free + 1) / 8;
        bool may = amount != 0 && amount <= free;
        bool done = _call(caller, 0, address(escrow), abi.encodeCall(IEscrow.transfer, (to, amount)));
        _must(14, may == done);
        if (!may) return;
        _balances[caller].free -= amount;
        if (to == address(taskManager)) _earnForManager(amount);
        else _balances[to].free += amount;
        if (to == address(pool)) _flows.donated += amount;
    }

    function collectFees(uint256 seed) external step(seed) {
        address[] memory payers = new address[](_rarely(4) ? _draw(4) : 0);
        uint256 amount;
        for (uint256 i; i < payers.length; ++i) {
            payers[i] = client(_draw(CLIENTS));
            amount += _balances[payers[i]].fees;
            _balances[payers[i]].fees = 0;
        }
        Balance storage own = _balances[address(taskManager)];
        amount += own.free;
        _mayPay(address(taskManager));
        bytes memory data = abi.encodeCall(ITaskManager.collectFees, (payers));
        _must(14, _call(STRANGER, 0, address(taskManager), data) == (amount != 0));
        _flows.collectedFromManager += own.free;
        own.free = 0;
        _balances[TREASURY].free += amount;
    }

    /// @dev Terms and switches. What is switched off comes on again the next time.
    function govern(uint256 seed) external step(seed) {
        uint256 way = _draw(8);
        SourceId source = SourceId.wrap(uint32(_between(1, SOURCES)));
        address publisher = registry.ownerOf(SourceId.unwrap(source));
        bytes memory data;
        if (taskManager.submissionsPaused()) {
            data = abi.encodeCall(ITaskManager.setSubmissionsPaused, (false));
        } else if (!registry.getSource(source).active) {
            data = abi.encodeCall(ISourceRegistry.setActive, (source, true));
        } else if (way == 0) {
            data = abi.encodeCall(ITaskManager.setSubmissionsPaused, (true));
        } else if (way == 1) {
            data = abi.encodeCall(ISourceRegistry.setActive, (source, false));
        } else if (way == 2) {
            data = abi.encodeCall(ISourceRegistry.setStakePerSlot, (source, _between(0.1 ether, 1 ether)));
        } else if (way == 3) {
            data = abi.encodeCall(ITaskManager.setFee, (_rarely(2) ? _between(10, 1000) : 1000));
        } else if (way == 4) {
            data = abi.encodeCall(ISourceRegistry.setRoyalty, (source, _draw(2001)));
        } else {
            data = abi.encodeCall(ISourceRegistry.setFloorPrice, (source, _between(1, 2 ether)));
        }
        bool ofManager =
            bytes4(data) == ITaskManager.setSubmissionsPaused.selector || bytes4(data) == ITaskManager.setFee.selector;
        bool done = _call(
            ofManager ? GOVERNOR : publisher,
            0,
            ofManager ? address(taskManager) : address(registry),
            data
        );
        _must(14, done);
    }

    /// @dev Prices that follow slowly or fast, and, at times, parameters just beyond their bounds.
    function tune(uint256 seed) external step(seed) {
        uint256 speed = _between(Controller.MIN_SPEED, _rarely(2) ? Controller.MAX_SPEED : 500);
        PriceParameters memory parameters = PriceParameters({
            target: uint16(_between(Controller.MIN_TARGET, Controller.MAX_TARGET)),
            speed: uint16(speed),
            clamp: uint16(_between(Controller.MIN_CLAMP, Controller.MAX_CLAMP))
        });
        address caller = _rarely(8) ? STRANGER : GOVERNOR;
        uint256 flaw = _draw(24);
        if (flaw == 0) parameters.target = uint16(Controller.MIN_TARGET - 1);
        else if (flaw == 1) parameters.target = uint16(Controller.MAX_TARGET + 1);
        else if (flaw == 2) parameters.speed = uint16(Controller.MIN_SPEED - 1);
        else if (flaw == 3) parameters.speed = uint16(Controller.MAX_SPEED + 1);
        else if (flaw == 4) parameters.clamp = uint16(Controller.MIN_CLAMP - 1);
        else if (flaw == 5) parameters.clamp = uint16(Controller.MAX_CLAMP + 1);
        bool may = flaw > 5 && caller == GOVERNOR;
        bytes memory data = abi.encodeCall(ITaskManager.setPriceParameters, (parameters));
        _must(14, _call(caller, 0, address(taskManager), data) == may);
        if (may) _parameters = parameters;
        _must(20, keccak256(abi.encode(taskManager.priceParameters())) == keccak256(abi.encode(_parameters)));
    }

    /// @dev Hands a source to another publisher, or a provider's key to its agent or back.
    function delegate(uint256 seed) external step(seed) {
        if (_rarely(3)) {
            uint256 source = _between(1, SOURCES);
            address publisher = registry.ownerOf(source);
            address to = publisher == PUBLISHER ? client(1) : PUBLISHER;
            VM.prank(publisher);
            registry.transferFrom(publisher, to, source);
            return;
        }
        ProviderId provider = ProviderId.wrap(uint32(_between(1, PROVIDERS)));
        bool has = pool.isAuthorised(provider, AGENT);
        address owner = ownerOf(ProviderId.unwrap(provider));
        bytes memory data = abi.encodeCall(IProviderPool.setAgent, (provider, AGENT, !has));
        _must(14, _call(owner, 0, address(pool), data));
    }

    function _deposit(address to, uint256 amount) internal {
        bool done = _call(to, amount, address(escrow), abi.encodeCall(IEscrow.deposit, ()));
        _must(14, done == (amount != 0));
        _flows.deposited += amount;
        _balances[to].free += amount;
    }

    /// @dev Anybody with an account but the contracts.
    function _someone() private returns (address) {
        address[] memory list = accounts();
        return list[_draw(list.length - 2)];
    }
}
