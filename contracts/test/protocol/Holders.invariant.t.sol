// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {
    ContributionId,
    DatanetId,
    DisputeId,
    ModelId,
    RequestId,
    SnapshotRef
} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Random walks through contributions, votes, exclusions, stakers' positions, pools, verifiers' stakes and disputes. Nothing
/// here may make or lose a wei, and every holder has what it owes.
contract HoldersActor is ProtocolTest {
    DatanetId public datanetId;
    ModelId public modelId;
    SnapshotRef public snapshot;
    address[] private _people;
    uint256 private _count;

    constructor() {
        deployProtocol();
        FixtureRow[] memory rows;
        (snapshot, rows) = createSnapshot();
        modelId = serveModel(snapshot, new IndexFixture(rows, 4, 2, 0, 1));
        (_people, datanetId) = (_threePeople(), _three());
    }

    function contributeOne(uint256 who, bool reveals) external {
        address by = _person(who);
        bytes32 root = keccak256(abi.encode(++_count));
        ContributionId id = commitRows(datanetId, by, root, 4);
        vm.roll(block.number + 1);
        if (reveals) revealRows(id, root, 4);
    }

    function vote(uint256 seed, uint256 who, bool approve) external {
        ContributionId id = _contribution(seed);
        address by = _person(who);
        bytes32 hash = datanets.voteHashOf(id, by, approve, "reason", "salt");
        vm.startPrank(by);
        try datanets.commitVote(id, hash) {} catch {}
        try datanets.revealVote(id, approve, "reason", "salt") {} catch {}
        vm.stopPrank();
    }

    function finish(uint256 seed, uint256 who, uint8 kind) external {
        ContributionId id = _contribution(seed);
        if (kind % 6 == 0) try datanets.accept(id) {} catch {}
        if (kind % 6 == 1) try datanets.expire(id) {} catch {}
        if (kind % 6 == 2) try datanets.cancel(id) {} catch {}
        if (kind % 6 == 3) try datanets.releaseStake(id) {} catch {}
        if (kind % 6 == 3) try losses.end(id) {} catch {}
        if (kind % 6 == 4) try datanets.forfeitVote(id, _person(who)) {} catch {}
        if (kind % 6 != 5) return;
        vm.prank(_person(who));
        try datanets.voteExclude(id, "reason") {} catch {}
    }

    function moveIncome(uint256 seed, uint256 to) external {
        ContributionId id = _contribution(seed);
        vm.prank(ledger.payeeOf(id));
        try ledger.transferIncome(id, _person(to)) {} catch {}
    }

    function review(uint256 who, uint8 kind) external {
        address by = _person(who);
        uint256 missing = STAKE - boards.bondOf(datanetId, by).amount;
        vm.startPrank(by);
        if (kind % 3 == 0) try boards.bondReviewer{value: missing}(datanetId) {} catch {}
        if (kind % 3 == 1) try boards.resign(datanetId) {} catch {}
        vm.stopPrank();
        if (kind % 3 == 2) try boards.withdrawBond(datanetId, by) {} catch {}
    }

    function stakeOn(uint256 who, uint96 amount, uint8 kind) external {
        address by = _person(who);
        vm.startPrank(by);
        if (kind % 5 == 0) staking.stake{value: bound(amount, 1, 5 ether)}(modelId);
        if (kind % 5 == 1) try staking.unstake(modelId, bound(amount, 1, 5 ether)) {} catch {}
        if (kind % 5 == 2) try staking.withdraw(modelId) {} catch {}
        if (kind % 5 == 3) try staking.claimRewards(modelId) {} catch {}
        if (kind % 5 == 4) {
            try staking.reward{value: bound(amount, 1, 1 ether)}(modelId, RequestId.wrap(0)) {} catch {}
        }
        vm.stopPrank();
    }

    function fund(uint96 amount, uint8 of_) external {
        vm.prank(payer);
        pools.fund{value: bound(amount, 1, 1 ether)}(snapshot.datanetId, snapshot.number, "test");
        ContributionId id = ContributionId.wrap(1 + (of_ % 2));
        if (of_ % 3 == 0) try pools.claim(snapshot.datanetId, snapshot.number, id) {} catch {}
    }

    function verify(uint256 who, uint96 amount, uint8 kind) external {
        address by = _person(who);
        vm.startPrank(by);
        if (kind % 4 < 2) try verifiers.stake{value: bound(amount, 10 ether, 20 ether)}(who % 3) {} catch {}
        if (kind % 4 == 2) try verifiers.startLeaving(uint128(bound(amount, 1, 20 ether))) {} catch {}
        if (kind % 4 == 3) try verifiers.withdraw() {} catch {}
        vm.stopPrank();
    }

    function dispute(uint96 pot) external {
        vm.prank(payer);
        disputes.open{value: bound(pot, 0, 1 ether)}("claimed");
    }

    /// @dev One who is drawn commits and reveals the truth or a lie, or is silent.
    function judge(uint256 seed, uint256 who, uint8 kind) external {
        if (disputes.disputeCount() == 0) return;
        DisputeId id = DisputeId.wrap(1 + (seed % disputes.disputeCount()));
        IDisputes.Dispute memory open = disputes.getDispute(id);
        if (open.status == IDisputes.Status.Opened) {
            recordSeed(open.seedBlock);
            disputes.draw(id);
            return;
        }
        address by = _person(who);
        bytes32 value = who % 2 == 0 ? bytes32("claimed") : bytes32("another");
        bytes32 hash = disputes.commitmentOf(id, by, value, "digest", "salt");
        vm.startPrank(by);
        if (kind % 4 == 0) try disputes.commit(id, hash) {} catch {}
        if (kind % 4 == 1) try disputes.reveal(id, value, "digest", "salt") {} catch {}
        vm.stopPrank();
        if (kind % 4 == 2) try disputes.decide(id) {} catch {}
        if (kind % 4 == 3) try disputes.collect(id, open.round, by) {} catch {}
    }

    function wait_(uint16 time) external {
        vm.warp(block.timestamp + bound(time, 1, 60));
        vm.roll(block.number + 1);
    }

    function worth() external view returns (uint256 sum) {
        address[13] memory all = [
            payer,
            builder,
            treasury,
            reviewer,
            address(contributorStakes),
            address(boards),
            address(balances),
            address(staking),
            address(pools),
            address(verifiers),
            address(disputes),
            alice,
            bob
        ];
        for (uint256 i = 0; i < all.length; i++) {
            sum += all[i].balance;
        }
        sum += watcher.balance + address(losses).balance;
    }

    /// @notice Contributors' stakes that the registry calls held.
    function owedToContributors() external view returns (uint256 owed) {
        for (uint64 i = 1; i <= datanets.contributionCount(); i++) {
            IDatanetRegistry.Contribution memory one = datanets.getContribution(ContributionId.wrap(i));
            if (one.stakeHeld) owed += one.stake;
        }
    }

    /// @notice Bonds and pots for reviews.
    function owedToReviewers() external view returns (uint256 owed) {
        for (uint256 d = 1; d <= datanets.datanetCount(); d++) {
            DatanetId id = DatanetId.wrap(d);
            owed += boards.reviewPayOf(id).pot + boards.bondOf(id, reviewer).amount;
            for (uint256 i = 0; i < _people.length; i++) {
                owed += boards.bondOf(id, _people[i]).amount;
            }
        }
    }

    function holders() external view returns (uint256 contributors, uint256 reviewers, uint256 registry) {
        return (address(contributorStakes).balance, address(boards).balance, address(datanets).balance);
    }

    function others() external view returns (bool) {
        return address(staking).balance == staking.held() && address(pools).balance == pools.held()
            && address(contributorStakes).balance == contributorStakes.held()
            && address(losses).balance == losses.held() && address(verifiers).balance == verifiers.held()
            && address(disputes).balance == disputes.held();
    }

    function _person(uint256 seed) private view returns (address) {
        return _people[seed % _people.length];
    }

    function _contribution(uint256 seed) private view returns (ContributionId) {
        return ContributionId.wrap(uint64(1 + (seed % datanets.contributionCount())));
    }

    function _threePeople() private view returns (address[] memory people) {
        people = new address[](3);
        (people[0], people[1], people[2]) = (alice, bob, watcher);
    }

    function _three() private returns (DatanetId id) {
        vm.prank(builder);
        id = datanets.create("three", "MIT", "", STAKE, _threePeople(), 2);
        vm.startPrank(builder);
        boards.setReviewFee(id, 0.1 ether);
        boards.fundReviews{value: 3 ether}(id);
        vm.stopPrank();
        for (uint256 i = 0; i < 3; i++) {
            bondReviewer(id, _threePeople()[i]);
        }
    }
}

contract HoldersInvariantTest is ProtocolTest {
    HoldersActor internal actor;
    uint256 internal worthAtStart;

    function setUp() public {
        actor = new HoldersActor();
        worthAtStart = actor.worth();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev No wei is lost or made; stakes, bonds and pots are where they belong; every other holder has what it owes.
    function invariant_money() public view {
        vm.assertEq(actor.worth(), worthAtStart, "no wei is lost or made");
        (uint256 contributors, uint256 reviewers, uint256 registry) = actor.holders();
        vm.assertEq(contributors, actor.owedToContributors(), "stakes");
        vm.assertEq(reviewers, actor.owedToReviewers(), "bonds and pots");
        vm.assertEq(registry, 0, "registry");
        vm.assertTrue(actor.others());
    }
}
