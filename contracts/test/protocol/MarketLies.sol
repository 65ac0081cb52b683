// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelId, RequestId} from "../../src/protocol/Types.sol";
import {IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Claims that are false in every way, and what shows each.
abstract contract MarketLies is ProtocolTest {
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

    IndexFixture public fixture;
    ModelId public modelId;
    mapping(RequestId requestId => Lie) internal _lies;
    uint256 private _salt;

    function _claim(RequestId id) internal view returns (Claim memory claim) {
        claim = claimOf(modelId, id, fixture);
        Lie lie = _lies[id];
        uint32[] memory ranking = fixture.ranking();
        if (lie == Lie.Score) claim.list.scores[3] -= 1;
        if (lie == Lie.Weight) claim.list.weights[0] += 1;
        // Nothing that arithmetic sees.
        if (lie == Lie.Hidden) claim.outputHash = keccak256("another answer");
        if (lie == Lie.Stranger) claim.list.contributionIds[0] = 777;
        if (lie == Lie.Omission) {
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
    }

    function _counterExample(RequestId id) internal returns (bytes memory) {
        Claim memory claim = _claim(id);
        bytes32 salt = keccak256(abi.encode(++_salt));
        Lie lie = _lies[id];
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
