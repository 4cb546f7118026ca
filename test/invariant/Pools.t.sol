// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";

/// @title PoolsTest
/// @notice Memberships and reputation.
contract PoolsTest is Campaign("pools") {
    function invariant_I11_marketsAreSumsOfMemberships() external view {
        IProviderPool pool = _handler.pool();
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            SourceId source = SourceId.wrap(uint32(i));
            IProviderPool.MarketView memory market = pool.getMarket(source);
            ProviderId[] memory members = pool.getMembers(source, 0, type(uint256).max);
            _must(market.members == members.length, 11, i);
            uint256 places;
            uint256 capacity;
            for (uint256 j = 1; j <= _handler.PROVIDERS(); ++j) {
                ProviderId provider = ProviderId.wrap(uint32(j));
                IProviderPool.Membership memory membership = pool.getMembership(provider, source);
                Handler.Place memory place = _handler.place(j, i);
                _must(membership.slots == place.slots && membership.stakePerSlot == place.stakePerSlot, 11, j);
                if (membership.slots == 0) continue;
                ++places;
                capacity += membership.slots;
                _must(members[membership.index] == provider, 11, j);
            }
            _must(market.members == places && market.capacity == capacity, 11, i);
        }
    }

    function invariant_I12_reputationIsPaidFor() external view {
        IReputation reputation = _handler.reputation();
        for (uint256 i = 1; i <= _handler.PROVIDERS(); ++i) {
            IReputation.Record memory record = reputation.getRecord(ProviderId.wrap(uint32(i)));
            Handler.Standing memory standing = _handler.standing(i);
            _must(record.score <= standing.gains, 12, i);
            _must(record.score * reputation.FEE_SCALE() <= 1e6 * standing.fees, 12, i);
            _must(record.settled == standing.settled && record.faults == standing.faults, 12, i);
            _must(record.earned == standing.earned && record.frauds == standing.frauds, 12, i);
            _must(record.jailedUntil == standing.jailedUntil, 12, i);
            uint256 jailedUntil = _handler.pool().getProvider(ProviderId.wrap(uint32(i))).jailedUntil;
            _must(jailedUntil == standing.jailedUntil, 12, i);
        }
    }
}
