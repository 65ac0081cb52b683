// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {IndexFixture} from "./IndexFixture.sol";

/// @notice Claims that are false in every way that the market lets be posted, and the call that shows each.
abstract contract ClaimLies {
    enum Lie {
        None,
        Score,
        Weight,
        Stranger,
        Omission,
        ShortList,
        Repeat,
        Withheld,
        Undelivered,
        Hidden
    }

    /// @dev Row 10 of the fixture repeats an earlier one.
    function falsified(IndexFixture fixture, Claim memory claim, Lie lie)
        internal
        view
        returns (Claim memory)
    {
        if (lie == Lie.Score) claim.list.scores[3] -= 1;
        if (lie == Lie.Weight) claim.list.weights[0] += 1;
        // Nothing that arithmetic sees.
        if (lie == Lie.Hidden) claim.outputHash = keccak256("another answer");
        if (lie == Lie.Stranger) claim.list.contributionIds[0] = 777;
        if (lie == Lie.Omission) {
            uint32[] memory ranking = fixture.ranking();
            uint32[] memory rest = new uint32[](ranking.length - 1);
            for (uint256 i = 0; i < rest.length; i++) {
                rest[i] = ranking[i + 1];
            }
            claim.list = fixture.listOf(rest);
        }
        if (lie == Lie.ShortList) claim.list = fixture.listOf(new uint32[](0));
        if (lie == Lie.Repeat) {
            uint32[] memory one = new uint32[](1);
            one[0] = 10;
            claim.list = fixture.listOf(one);
        }
        return claim;
    }

    /// @dev Of no lie, the call that shows a false score.
    function counterExample(IndexFixture fixture, Claim memory claim, Lie lie, bytes32 salt)
        internal
        view
        returns (bytes memory)
    {
        bytes memory query = fixture.query();
        if (lie == Lie.Omission || lie == Lie.ShortList) {
            return abi.encodeCall(
                ClaimChallenges.challengeOmitted, (claim, query, fixture.open(fixture.ranking()[0]), salt)
            );
        }
        if (lie == Lie.Weight || lie == Lie.Stranger) {
            (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.list.rowIds);
            return abi.encodeCall(ClaimChallenges.challengeWeights, (claim, records, paths, salt));
        }
        uint256 position = claim.list.rowIds.length - 1;
        return abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, query, position, fixture.open(claim.list.rowIds[position]), salt)
        );
    }
}
