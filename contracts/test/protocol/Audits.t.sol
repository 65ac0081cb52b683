// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {Claim, ContextShares, IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @notice Claims that a later L1 block draws, and what a conviction does to others.
contract AuditsTest is DisputeTest {
    function test_a_drawn_claim_is_settled_only_after_its_audit() public {
        audits.fill{value: 100 ether}();
        // Later L1 hashes until one draws the claim: at 1 % each.
        uint64 seedBlock = market.getRequest(requestId).seedBlock;
        setOrigin(seedBlock);
        bytes32 hash;
        for (uint256 i = 0; i < 5000; i++) {
            hash = keccak256(abi.encode("drawn", i));
            bytes32 key = keccak256(abi.encode(hash, market.hashOf(claim)));
            if (uint256(key) % 10_000 < 100) break;
        }
        setOriginHash(hash);
        seeds.record();
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCases.AuditDue.selector, requestId, IAuditCases.Cause.Drawn)
        );
        this.settleNow();
        DisputeId id = audits.audit(claim);
        draw(id);
        evidence();
        vote(id, all(audits.valueOf(claim)));
        audits.conclude(claim);
        settle(claim);
        vm.assertEq(audits.fund(), 93 ether);
    }

    function setOriginHash(bytes32 hash) internal {
        vm.store(0x4200000000000000000000000000000000000015, bytes32(uint256(2)), hash);
    }

    function test_a_claim_that_is_not_drawn_has_no_audit() public {
        recordSeed(market.getRequest(requestId).seedBlock);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.NoCause.selector, requestId));
        audits.audit(claim);
    }

    function test_a_false_context_is_for_panels() public {
        requestId = requestInference(modelId);
        claim = claimOf(modelId, requestId, fixture);
        ContextShares memory right = claim.context;
        vm.assertGt(right.partBps, 0);
        bytes32 truth = audits.valueOf(claim);
        claim.context.weights[0] += 1;
        vm.assertTrue(audits.valueOf(claim) != truth, "weights");
        delete claim.context;
        vm.assertTrue(audits.valueOf(claim) != truth, "none");
        claim.context = right;
        claim.context.partBps += 1;
        vm.assertTrue(audits.valueOf(claim) != truth, "part");
        postClaim(claim, fixture.query());
        DisputeId id = dispute();
        draw(id);
        evidence();
        vote(id, all(truth));
        audits.conclude(claim);
        vm.assertEq(uint256(market.getRequest(requestId).status), uint256(IInferenceMarket.Status.Refuted));
    }

    function test_a_conviction_freezes_the_hosts_other_open_claims() public {
        RequestId second = requestInference(modelId);
        Claim memory other = claimOf(modelId, second, fixture);
        postClaim(other, fixture.query());
        vm.warp(block.timestamp + 1);
        DisputeId id = dispute();
        draw(id);
        evidence();
        vote(id, all(OTHER));
        audits.conclude(claim);
        claim = other;
        requestId = second;
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCases.AuditDue.selector, second, IAuditCases.Cause.Convicted)
        );
        this.settleNow();
        DisputeId frozen = audits.audit(other);
        draw(frozen);
        evidence();
        vote(frozen, all(OTHER));
        audits.conclude(other);
        vm.roll(block.number + 1);
        market.collect(second);
        audits.refill();
        vm.assertTrue(audits.fund() > 0, "what an audit finds pays for the next ones");
        // What it claims after the conviction is free again.
        vm.warp(block.timestamp + 1);
        setOrigin(5000);
        requestId = requestInference(modelId);
        claim = claimOf(modelId, requestId, fixture);
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
    }
}
