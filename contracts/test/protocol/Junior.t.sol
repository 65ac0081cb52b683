// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {IProtocolParameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Who pays where a liar's stake does not reach, and agreements that keep their parameters.
contract JuniorTest is ProtocolTest {
    uint256 internal constant STAKED = 100 ether;
    IndexFixture internal fixture;
    ModelId internal modelId;
    SnapshotRef internal snapshot;

    function setUp() public {
        deployProtocol();
        FixtureRow[] memory rows;
        (snapshot, rows) = createSnapshot();
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        modelId = serveModel(snapshot, fixture);
        vm.startPrank(alice);
        staking.stake{value: STAKED}(modelId);
        vm.stopPrank();
    }

    /// @dev Posts a claim whose last score is wrong.
    function lie() internal returns (Claim memory claim) {
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list.scores[claim.list.scores.length - 1] -= 1;
        postClaim(claim, fixture.query());
    }

    function show(Claim memory claim) internal {
        uint256 last = claim.list.rowIds.length - 1;
        bytes memory call = abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, fixture.query(), last, fixture.open(claim.list.rowIds[last]), "salt")
        );
        shown(watcher, address(challenges), call);
    }

    /// @dev Leaves the host `amount` of its stake; claims that are open stay.
    function shrinkStake(uint256 amount) internal {
        // As convictions on other models would.
        vm.prank(address(market));
        hosts.slash(host, 1, 10_000);
        uint256 rest = hosts.hostOf(host).amount - amount;
        uint256 fee = (rest * 10) / 44;
        vm.prank(address(market));
        hosts.slash(host, fee, 10_000);
    }

    function test_a_liar_with_enough_stake_costs_the_stakers_nothing() public {
        show(lie());
        vm.assertEq(staking.totalStake(modelId), STAKED);
    }

    function test_stakers_pay_the_pools_what_the_hosts_stake_does_not_have() public {
        Claim memory claim = lie();
        uint256 fee = market.getRequest(claim.requestId).fee;
        shrinkStake(fee);
        uint256 left = hosts.hostOf(host).amount;
        uint256 had = pools.held();
        show(claim);
        uint256 lost = left + BOND;
        vm.assertEq(hosts.hostOf(host).amount, 0);
        vm.assertEq(staking.totalStake(modelId), STAKED - fee, "the fee, no more");
        uint256 reward = market.refutationOf(claim.requestId).reward;
        vm.assertEq(reward, lost / 2, "the finder gets nothing of the stakers'");
        vm.assertEq(pools.held() - had, (lost - reward) / 2 + fee);
    }

    /// @dev The attack: a host of too small a stake that shows its own lies, with stakes of others behind it.
    function test_showing_its_own_lies_brings_nothing_of_the_stakers() public {
        Claim memory claim = lie();
        shrinkStake(0);
        uint256 left = hosts.hostOf(host).amount;
        show(claim);
        vm.assertLe(market.refutationOf(claim.requestId).reward, (left + BOND) / 2);
    }

    function test_a_claim_costs_what_it_cost_when_it_was_asked() public {
        Claim memory claim = lie();
        uint256 had = hosts.hostOf(host).amount;
        uint256 fee = market.getRequest(claim.requestId).fee;
        Parameters memory next = defaultParameters();
        next.auditBps = 1;
        vm.prank(governor);
        parameters.setParameters(next);
        show(claim);
        vm.assertEq(had - hosts.hostOf(host).amount, ((fee + fee * 100) * 22) / 10);
    }

    function test_a_reviewers_bond_stays_as_long_as_its_votes() public {
        uint64 votesUntil = boards.bondOf(snapshot.datanetId, reviewer).votesUntil;
        vm.assertGt(votesUntil, 0);
        Parameters memory next = defaultParameters();
        next.reviewPeriod = 1;
        vm.prank(governor);
        parameters.setParameters(next);
        vm.prank(reviewer);
        boards.resign(snapshot.datanetId);
        uint256 from = votesUntil > block.timestamp ? votesUntil : block.timestamp;
        vm.assertEq(boards.bondOf(snapshot.datanetId, reviewer).leavesAt, from + WINDOW + 1);
    }

    /// Without an owner no parameter could be changed any more, and no index bound.
    function test_parameters_always_have_an_owner() public {
        vm.prank(governor);
        vm.expectRevert(IProtocolParameters.CannotRenounce.selector);
        parameters.renounceOwnership();
        vm.assertEq(parameters.owner(), governor);
    }

    function testFuzz_windows_whose_silence_costs_have_a_floor(uint32 window) public {
        Parameters memory next = defaultParameters();
        next.revealPeriod = window;
        bool isShort = window < WINDOW || window > 90 days;
        vm.startPrank(governor);
        if (isShort) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProtocolParameters.ParameterOutOfRange.selector,
                    bytes32("revealPeriod"),
                    window,
                    WINDOW,
                    90 days
                )
            );
        }
        parameters.setParameters(next);
        next.revealPeriod = WINDOW;
        next.claimTimeout = window;
        if (isShort) vm.expectRevert();
        parameters.setParameters(next);
        vm.stopPrank();
    }
}
