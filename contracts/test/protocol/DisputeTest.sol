// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {DisputeId, ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Five verifiers of equal stake, and what arithmetic can't decide.
abstract contract DisputeTest is ProtocolTest {
    bytes32 internal constant DIGEST = keccak256("logits");
    bytes32 internal constant OTHER = keccak256("another answer");
    uint256 internal constant VERIFIERS = 5;
    uint256 internal constant VERIFIER_STAKE = 100 ether;

    IndexFixture internal fixture;
    ModelId internal modelId;
    RequestId internal requestId;
    Claim internal claim;
    address[] internal people;
    bool internal isFinal = true;

    function setUp() public {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        modelId = serveModel(snapshot, fixture);
        for (uint256 i = 0; i < VERIFIERS; i++) {
            people.push(vm.addr(1000 + i));
            vm.deal(people[i], 1000 ether);
            vm.prank(people[i]);
            verifiers.stake{value: VERIFIER_STAKE}(i);
        }
        vm.warp(block.timestamp + 10);
        requestId = requestInference(modelId);
        claim = claimOf(modelId, requestId, fixture);
        postClaim(claim, fixture.query());
    }

    function dispute() internal returns (DisputeId id) {
        vm.prank(watcher);
        return audits.dispute{value: PANEL_FEE}(claim);
    }

    function draw(DisputeId id) internal {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
    }

    function weightOf(DisputeId id, uint8 round, address who) internal view returns (uint256) {
        return disputes.voteOf(id, round, who).weight;
    }

    /// @dev Each on the panel commits and reveals its value; a value of 0 is silence.
    function vote(DisputeId id, bytes32[VERIFIERS] memory values) internal {
        uint8 round = disputes.getDispute(id).round;
        for (uint256 i = 0; i < VERIFIERS; i++) {
            if (weightOf(id, round, people[i]) == 0 || values[i] == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, people[i], values[i], DIGEST, "salt");
            vm.prank(people[i]);
            disputes.commit(id, hash);
        }
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        for (uint256 i = 0; i < VERIFIERS; i++) {
            if (weightOf(id, round, people[i]) == 0 || values[i] == 0) continue;
            vm.prank(people[i]);
            disputes.reveal(id, values[i], DIGEST, "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
        // Nobody escalates.
        if (isFinal) vm.warp(block.timestamp + WINDOW + 1);
    }

    function all(bytes32 value) internal pure returns (bytes32[VERIFIERS] memory values) {
        for (uint256 i = 0; i < VERIFIERS; i++) {
            values[i] = value;
        }
    }

    function collectAll(DisputeId id, uint8 round) internal {
        for (uint256 i = 0; i < VERIFIERS; i++) {
            if (weightOf(id, round, people[i]) > 0) disputes.collect(id, round, people[i]);
        }
    }

    function evidence() internal {
        vm.prank(host);
        audits.giveEvidence(claim, keccak256("evidence"));
    }

    function settleNow() external {
        settle(claim);
    }
}
