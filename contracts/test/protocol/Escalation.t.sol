// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice A third of the verifiers lies together; chance gives it the first panel.
contract EscalationTest is ProtocolTest {
    uint256 internal constant HONEST = 4;
    uint256 internal constant PEOPLE = 6;
    IndexFixture internal fixture;
    Claim internal claim;
    DisputeId internal id;
    address[] internal people;

    function setUp() public {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        ModelId modelId = serveModel(snapshot, fixture);
        for (uint256 i = 0; i < PEOPLE; i++) {
            people.push(vm.addr(3000 + i));
            vm.deal(people[i], 1000 ether);
            vm.prank(people[i]);
            verifiers.stake{value: 100 ether}(i);
        }
        vm.warp(block.timestamp + 10);
        claim = claimOf(modelId, requestInference(modelId), fixture);
        postClaim(claim, fixture.query());
        vm.prank(watcher);
        id = audits.dispute{value: PANEL_FEE}(claim);
    }

    function seatsOfLiars() internal view returns (uint256 seats) {
        uint8 round = disputes.getDispute(id).round;
        for (uint256 i = HONEST; i < PEOPLE; i++) {
            seats += disputes.voteOf(id, round, people[i]).weight;
        }
    }

    /// @dev Draws until liars have five of seven seats: seeds that were not to be.
    function drawForLiars() internal {
        uint64 seedBlock = disputes.getDispute(id).seedBlock;
        setOrigin(seedBlock);
        uint256 state = vm.snapshotState();
        for (uint256 i = 0; i < 500; i++) {
            vm.store(
                0x4200000000000000000000000000000000000015, bytes32(uint256(2)), keccak256(abi.encode(i))
            );
            seeds.record();
            disputes.draw(id);
            if (seatsOfLiars() >= 5) return;
            vm.revertToState(state);
        }
        revert("no such seed");
    }

    function vote(bytes32 truth, bytes32 lie) internal {
        uint8 round = disputes.getDispute(id).round;
        vm.prank(host);
        audits.giveEvidence(claim, "evidence");
        for (uint256 i = 0; i < PEOPLE; i++) {
            if (disputes.voteOf(id, round, people[i]).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, people[i], i < HONEST ? truth : lie, "digest", "salt");
            vm.prank(people[i]);
            disputes.commit(id, hash);
        }
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        for (uint256 i = 0; i < PEOPLE; i++) {
            if (disputes.voteOf(id, round, people[i]).weight == 0) continue;
            vm.prank(people[i]);
            disputes.reveal(id, i < HONEST ? truth : lie, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
    }

    /// @dev Draws and votes until the last panel has spoken.
    function goOn(bytes32 truth, bytes32 lie) internal {
        while (disputes.getDispute(id).status == IDisputes.Status.Opened) {
            recordSeed(disputes.getDispute(id).seedBlock);
            disputes.draw(id);
            vote(truth, lie);
        }
    }

    function status() internal view returns (IInferenceMarket.Status) {
        return market.getRequest(claim.requestId).status;
    }

    function test_a_true_claim_outlives_a_bought_panel() public {
        bytes32 truth = audits.valueOf(claim);
        drawForLiars();
        vote(truth, "a lie");
        (bool isOver,) = disputes.verdictOf(id);
        vm.assertFalse(isOver, "not final yet");
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.VerdictMissing.selector, id));
        audits.conclude(claim);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotFinal.selector, block.timestamp + WINDOW + 1));
        disputes.collect(id, 0, people[HONEST]);
        vm.prank(host);
        audits.appeal{value: PANEL_FEE}(claim);
        goOn(truth, "a lie");
        while (true) {
            (bool over, bool upheld) = disputes.verdictOf(id);
            if (over || upheld) break;
            vm.prank(host);
            audits.appeal{value: PANEL_FEE}(claim);
            goOn(truth, "a lie");
        }
        vm.warp(block.timestamp + WINDOW + 1);
        audits.conclude(claim);
        vm.assertTrue(audits.caseOf(claim.requestId).isUpheld);
    }

    function test_a_lie_that_a_bought_panel_upheld_falls_and_pays_who_did_not_believe_it() public {
        drawForLiars();
        vote("what came out", audits.valueOf(claim));
        vm.prank(bob);
        audits.appeal{value: PANEL_FEE}(claim);
        vm.assertEq(audits.caseOf(claim.requestId).opener, bob);
        goOn("what came out", audits.valueOf(claim));
        vm.warp(block.timestamp + WINDOW + 1);
        audits.conclude(claim);
        vm.assertTrue(status() == IInferenceMarket.Status.Refuted);
        vm.assertEq(market.refutationOf(claim.requestId).challenger, bob);
    }

    function test_bounds_of_escalation() public {
        bytes32 truth = audits.valueOf(claim);
        drawForLiars();
        vm.prank(host);
        vm.expectRevert();
        audits.appeal{value: PANEL_FEE}(claim);
        vote(truth, "a lie");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotOpener.selector, address(this)));
        disputes.escalate(id);
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.DepositMismatch.selector, 1, PANEL_FEE));
        audits.appeal{value: 1}(claim);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert();
        audits.appeal{value: PANEL_FEE}(claim);
        vm.stopPrank();
        audits.conclude(claim);
        vm.assertTrue(status() == IInferenceMarket.Status.Refuted);
        vm.assertEq(disputes.held(), PANEL_FEE);
    }
}
