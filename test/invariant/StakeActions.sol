// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {ISourceRegistry} from "../../contracts/interfaces/ISourceRegistry.sol";
import {fits} from "../../contracts/types/Environment.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {ProofActions} from "./ProofActions.sol";
import {time, VM} from "./Vm.sol";

/// @title StakeActions
/// @notice What owners and agents of providers do with stake and memberships.
abstract contract StakeActions is ProofActions {
    /// @dev What a member holds in a pool.
    struct Place {
        uint256 slots;
        uint256 stakePerSlot;
    }

    mapping(uint256 provider => mapping(uint256 source => Place)) internal _places;

    function place(uint256 provider, uint256 source) external view returns (Place memory) {
        return _places[provider][source];
    }

    function stake(uint256 seed) external step(seed) {
        uint256 provider = _between(1, PROVIDERS);
        address caller = _rarely(4) ? client(_draw(CLIENTS)) : ownerOf(provider);
        uint256 free = _balances[caller].free;
        uint256 amount = _rarely(8) ? free + _draw(2) : _draw(_rarely(2) ? 10 ether : MAX_ROUND);
        uint256 value =
            _rarely(2)
                ? 0
                : _rarely(16)
                    ? amount + 1
                    : amount;
        _stake(provider, caller, amount, value);
    }

    /// @dev Stakes coin that the caller has, or that is attached.
    function _stake(uint256 provider, address caller, uint256 amount, uint256 value) internal {
        bool may = amount != 0 && (value == amount || (value == 0 && _balances[caller].free >= amount));
        bytes memory data = abi.encodeCall(IProviderPool.stake, (ProviderId.wrap(uint32(provider)), amount));
        bool done = _call(caller, value, address(pool), data);
        _must(14, may == done);
        if (!may) return;
        _standings[provider].stake += amount;
        _balances[address(pool)].free += amount;
        if (value == 0) _balances[caller].free -= amount;
        else _flows.deposited += amount;
    }

    function unbond(uint256 seed) external step(seed) {
        (uint256 provider, address caller) = _ownerOfSome();
        uint256 free = pool.getProvider(ProviderId.wrap(uint32(provider))).free;
        uint256 amount = _rarely(8) ? free + _draw(2) : _draw(free + 1) / 4;
        bool may = caller == ownerOf(provider) && amount != 0 && amount <= free;
        bytes memory data = abi.encodeCall(IProviderPool.unbond, (ProviderId.wrap(uint32(provider)), amount));
        bool done = _call(caller, 0, address(pool), data);
        _must(14, may == done);
        if (!may) return;
        _standings[provider].unbonding += amount;
        _standings[provider].maturesAt = time() + pool.UNBONDING_PERIOD();
    }

    function cancelUnbonding(uint256 seed) external step(seed) {
        (uint256 provider, address caller) = _ownerOfSome();
        bool may = caller == ownerOf(provider) && _standings[provider].unbonding != 0;
        bytes memory data = abi.encodeCall(IProviderPool.cancelUnbonding, (ProviderId.wrap(uint32(provider))));
        bool done = _call(caller, 0, address(pool), data);
        _must(14, may == done);
        if (may) (_standings[provider].unbonding, _standings[provider].maturesAt) = (0, 0);
    }

    function claim(uint256 seed) external step(seed) {
        (uint256 provider, address caller) = _ownerOfSome();
        Standing storage s = _standings[provider];
        if (_rarely(4) && s.maturesAt > time()) VM.warp(s.maturesAt + _draw(2));
        bool may = caller == ownerOf(provider) && s.unbonding != 0 && time() > s.maturesAt;
        bytes memory data = abi.encodeCall(IProviderPool.claim, (ProviderId.wrap(uint32(provider))));
        bool done = _call(caller, 0, address(pool), data);
        _must(14, may == done);
        if (!may) return;
        s.stake -= s.unbonding;
        _mayPay(address(pool));
        _balances[address(pool)].free -= s.unbonding;
        _balances[payoutOf(provider)].free += s.unbonding;
        (s.unbonding, s.maturesAt) = (0, 0);
    }

    function joinPool(uint256 seed) external step(seed) {
        (uint256 source, uint256 first) = (_between(1, SOURCES), _draw(PROVIDERS));
        uint256 provider = first + 1;
        // Most times one that is no member, if there is any.
        for (uint256 i; i < PROVIDERS && !_rarely(16) && _places[provider][source].slots != 0; ++i) {
            provider = ((first + i) % PROVIDERS) + 1;
        }
        uint8 environments = uint8(_rarely(4) ? _draw(8) : 3);
        _join(provider, source, _draw(5), environments, uint16(7 + _draw(3)));
    }

    function leavePool(uint256 seed) external step(seed) {
        // Less often than providers join, or pools would be empty most of the time.
        if (_rarely(2)) return;
        (uint256 provider, uint256 source) = (_between(1, PROVIDERS), _between(1, SOURCES));
        // Half of the time one that holds a reservation, if there is any.
        for (uint256 i = _rarely(2) ? PROVIDERS : 0; i != 0 && _reserved[provider][source] == 0; --i) {
            provider = (provider % PROVIDERS) + 1;
        }
        address key = _keyOf(provider);
        bool may =
            pool.isAuthorised(ProviderId.wrap(uint32(provider)), key) &&
                _places[provider][source].slots != 0 &&
                _reserved[provider][source] == 0;
        bytes memory data = abi.encodeCall(
            IProviderPool.leavePool,
            (ProviderId.wrap(uint32(provider)), SourceId.wrap(uint32(source)))
        );
        bool done = _call(key, 0, address(pool), data);
        _must(14, may == done);
        if (!may) return;
        _shrinkMarket(source, _places[provider][source].slots);
        delete _places[provider][source];
    }

    /// @dev Providers that join if they must, reserve or seal, go no further and lose their bonds, in one action: random
    /// ones rarely get there.
    function lapse(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickOpen(Verification.Review);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        uint256 source = _sourceOf(g);
        for (uint256 i = _between(1, 3 * LAPSES); i != 0; --i) {
            if (g.state > TaskState.Delivered || (g.state == TaskState.Open && time() > g.deadline)) return;
            if (g.state == TaskState.Open) {
                uint256 worker = _workerFor(index);
                if (_places[worker][source].slots == 0) _join(worker, source, 1, 3, 8);
                if (g.order.reservation == 0) _deliver(index, worker);
                else _reserve(index, worker);
            }
            if (g.state == TaskState.Reserved && _rarely(8)) _deliver(index, g.provider);
            if (g.state == TaskState.Open) continue;
            // Others find it held.
            if (_rarely(16)) return;
            uint256 end = _endOf(index);
            if (end >= time()) VM.warp(end + (_rarely(8) ? 0 : 1));
            _reopen(index);
        }
    }

    function _join(uint256 provider, uint256 source, uint256 slots, uint8 environments, uint16 memory_) internal {
        (ProviderId id, SourceId sourceId) = (ProviderId.wrap(uint32(provider)), SourceId.wrap(uint32(source)));
        address key = _keyOf(provider);
        ISourceRegistry.SourceView memory terms = registry.getSource(sourceId);
        ISourceRegistry.VersionView memory version = registry.getVersion(sourceId, 1);
        bool may =
            pool.isAuthorised(id, key) &&
                slots != 0 &&
                _places[provider][source].slots == 0 &&
                terms.active &&
                fits(environments, memory_, version.environments, version.minGpuMemory) &&
                !_isJailed(provider) &&
                pool.getProvider(id).free >= slots * terms.stakePerSlot;
        bytes memory data = abi.encodeCall(
            IProviderPool.joinPool,
            (id, sourceId, 1, uint32(slots), environments, memory_)
        );
        bool done = _call(key, 0, address(pool), data);
        _must(14, may == done);
        if (!may) return;
        _places[provider][source] = Place(slots, terms.stakePerSlot);
        _growMarket(source, slots);
    }

    /// @dev A provider and, most times, its owner.
    function _ownerOfSome() private returns (uint256 provider, address caller) {
        provider = _between(1, PROVIDERS);
        caller = _rarely(8) ? AGENT : ownerOf(provider);
    }
}
