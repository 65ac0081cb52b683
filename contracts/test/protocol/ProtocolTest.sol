// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../../src/interfaces/IInfluenceVerifier.sol";
import {IAudits} from "../../src/interfaces/protocol/IAudits.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Audits} from "../../src/protocol/Audits.sol";
import {Disputes} from "../../src/protocol/Disputes.sol";
import {Seeds} from "../../src/protocol/Seeds.sol";
import {VerifierPool} from "../../src/protocol/VerifierPool.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {ClaimDemands} from "../../src/protocol/ClaimDemands.sol";
import {Curation} from "../../src/protocol/Curation.sol";
import {DataAccess} from "../../src/protocol/DataAccess.sol";
import {DatanetRegistry} from "../../src/protocol/DatanetRegistry.sol";
import {HostStakes} from "../../src/protocol/HostStakes.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {ModelChallenges} from "../../src/protocol/ModelChallenges.sol";
import {ModelDocument, ModelRegistry, ModelTerms} from "../../src/protocol/ModelRegistry.sol";
import {ModelRoyalties} from "../../src/protocol/ModelRoyalties.sol";
import {ModelDisputes} from "../../src/protocol/ModelDisputes.sol";
import {StakeLosses} from "../../src/protocol/StakeLosses.sol";
import {ModelStaking} from "../../src/protocol/ModelStaking.sol";
import {
    FeeSplitBounds,
    IndexBounds,
    Parameters,
    ProtocolParameters
} from "../../src/protocol/ProtocolParameters.sol";
import {PlagiarismProofs} from "../../src/protocol/PlagiarismProofs.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {SnapshotPools} from "../../src/protocol/SnapshotPools.sol";
import {
    ContributionId,
    DatanetId,
    FeeSplit,
    ModelId,
    RequestId,
    SnapshotRef
} from "../../src/protocol/Types.sol";
import {InfluenceVerifierTwin} from "../../src/twin/InfluenceVerifierTwin.sol";
import {RewardSplitterTwin} from "../../src/twin/RewardSplitterTwin.sol";
import {Test} from "../lib/Test.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";

/// @notice All protocol contracts, with the twins standing at the precompiles' addresses.
abstract contract ProtocolTest is Test {
    address internal constant VERIFIER = 0x0000000000000000000000000000000000000a01;
    address internal constant SPLITTER = 0x0000000000000000000000000000000000000a03;
    uint128 internal constant STAKE = 5 ether;
    uint128 internal constant BOND = 1 ether;
    uint128 internal constant REGISTRATION_BOND = 7 ether;
    uint128 internal constant DEPOSIT = 0.5 ether;
    uint128 internal constant RATE_IN = 1_000_003;
    uint128 internal constant RATE_OUT = 7_000_001;
    uint256 internal constant ESCROW = 10 ether;
    uint32 internal constant WINDOW = 20;
    uint64 internal constant SEED_DELAY = 3;
    uint128 internal constant LEAST_STAKE = 10 ether;
    uint128 internal constant PANEL_FEE = 7 ether;
    /// @dev Rows that alice's and bob's contributions have.
    uint32 internal constant ALICE_ROWS = 6;
    uint32 internal constant BOB_ROWS = 5;

    address internal governor = makeAddr("governor");
    address internal treasury = makeAddr("treasury");
    address internal builder = makeAddr("builder");
    address internal host = makeAddr("host");
    address internal payer = makeAddr("payer");
    address internal watcher = makeAddr("watcher");
    address internal reviewer = makeAddr("reviewer");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");

    ProtocolParameters internal parameters;
    RewardBalances internal balances;
    DatanetRegistry internal datanets;
    PlagiarismProofs internal plagiarism;
    ModelRegistry internal models;
    ModelChallenges internal modelChallenges;
    ModelStaking internal staking;
    HostStakes internal hosts;
    SnapshotPools internal pools;
    InferenceMarket internal market;
    ClaimChallenges internal challenges;
    ClaimDemands internal demands;
    Seeds internal seeds;
    VerifierPool internal verifiers;
    Disputes internal disputes;
    Audits internal audits;
    StakeLosses internal losses;
    ModelDisputes internal modelDisputes;
    Curation internal curation;
    DataAccess internal access;
    ModelRoyalties internal royalties;

    function deployProtocol() internal {
        vm.etch(VERIFIER, address(new InfluenceVerifierTwin()).code);
        vm.etch(SPLITTER, address(new RewardSplitterTwin()).code);
        parameters = new ProtocolParameters(
            governor,
            WINDOW,
            defaultParameters(),
            FeeSplitBounds({contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000}),
            IndexBounds({
                floorMax: 1 << 40, e0Min: -64, e0Max: 64, dimensionMin: 1, topKMin: 1, rowsMax: 1 << 20
            })
        );
        balances = new RewardBalances();
        deployVerifiers();
        // Contracts that name each other: the addresses of the next ones are known.
        losses = new StakeLosses(parameters, balances, nextAddress(1), disputes, PANEL_FEE);
        datanets = new DatanetRegistry(parameters, balances, losses, nextAddress(1));
        plagiarism = new PlagiarismProofs(parameters, balances, datanets);
        curation = new Curation(datanets, balances);
        models = new ModelRegistry(
            parameters,
            datanets,
            balances,
            nextAddress(1),
            nextAddress(2),
            DataAccess(nextAddress(4)),
            ModelRoyalties(payable(nextAddress(6)))
        );
        modelChallenges = new ModelChallenges(parameters, balances, models, datanets);
        modelDisputes = new ModelDisputes(models, datanets, disputes, PANEL_FEE);
        pools = new SnapshotPools(datanets, balances, models);
        access = new DataAccess(parameters, datanets, pools, curation, address(models));
        staking = new ModelStaking(parameters, models, balances, nextAddress(3), 10);
        royalties = new ModelRoyalties(models, pools, staking, balances);
        hosts = new HostStakes(parameters, balances, models, nextAddress(1));
        market = new InferenceMarket(
            InferenceMarket.Parts({
                parameters: parameters,
                models: models,
                datanets: datanets,
                staking: staking,
                hosts: hosts,
                pools: pools,
                balances: balances,
                challenges: nextAddress(1),
                demands: nextAddress(2),
                audits: IAudits(nextAddress(3))
            })
        );
        challenges = new ClaimChallenges(parameters, balances, models, market);
        demands = new ClaimDemands(parameters, balances, models, market);
        audits = new Audits(balances, market, hosts, disputes, seeds, PANEL_FEE);
        vm.warp(1_000_000);
        vm.roll(100);
        address[7] memory people = [governor, builder, host, payer, watcher, alice, bob];
        for (uint256 i = 0; i < people.length; i++) {
            vm.deal(people[i], 10_000 ether);
        }
        vm.startPrank(host);
        hosts.stake{value: 5000 ether}();
        hosts.setLimits(1 ether, 100);
        vm.stopPrank();
    }

    /// @dev Where this contract's deployment after `steps` others comes to be.
    function nextAddress(uint64 steps) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + steps);
    }

    function deployVerifiers() private {
        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
        setOrigin(1000);
        seeds = new Seeds(SEED_DELAY);
        verifiers = new VerifierPool(parameters, balances, nextAddress(1), LEAST_STAKE, 10_000);
        disputes = new Disputes(parameters, balances, verifiers, seeds);
    }

    /// @dev L2's L1 origin is the block of this number; its hash follows from the number.
    function setOrigin(uint64 number) internal {
        vm.store(Predeploys.L1_BLOCK, 0, bytes32(uint256(number)));
        vm.store(Predeploys.L1_BLOCK, bytes32(uint256(2)), keccak256(abi.encode("L1", number)));
    }

    /// @dev L1 gets to the block that a draw waits for, and somebody records it.
    function recordSeed(uint64 l1Block) internal {
        if (l1Block == 0) return;
        setOrigin(l1Block);
        seeds.record();
    }

    function defaultParameters() internal view returns (Parameters memory) {
        return Parameters({
            treasury: treasury,
            platformBps: 1000,
            auditBps: 100,
            claimBond: BOND,
            registrationBond: REGISTRATION_BOND,
            demandDeposit: DEPOSIT,
            challengeDeposit: DEPOSIT,
            challengeWindow: WINDOW,
            claimTimeout: 60,
            demandWindow: WINDOW,
            registrationWindow: WINDOW,
            revealPeriod: 30,
            reviewPeriod: 1000,
            stakePeriod: 500,
            unstakeDelay: 100,
            rewardPeriod: 100
        });
    }

    /// @dev A datanet of `builder` with one reviewer.
    function createDatanet() internal returns (DatanetId datanetId) {
        address[] memory reviewers = new address[](1);
        reviewers[0] = reviewer;
        vm.prank(builder);
        datanetId = datanets.create("notes", "CC-BY-4.0", "", STAKE, reviewers, 1);
        bondReviewer(datanetId, reviewer);
    }

    function commitRows(DatanetId datanetId, address contributor, bytes32 rowsRoot, uint32 rowCount)
        internal
        returns (ContributionId id)
    {
        bytes32 hash = datanets.commitmentOf(
            datanetId, contributor, keccak256(abi.encode(rowsRoot)), rowsRoot, rowCount, bytes32("salt")
        );
        vm.prank(contributor);
        return datanets.commit{value: STAKE}(datanetId, hash);
    }

    function revealRows(ContributionId id, bytes32 rowsRoot, uint32 rowCount) internal {
        vm.prank(datanets.getContribution(id).contributor);
        datanets.reveal(id, keccak256(abi.encode(rowsRoot)), rowsRoot, rowCount, bytes32("salt"));
    }

    /// @dev Commits and reveals in the next block.
    function contribute(DatanetId datanetId, address contributor, bytes32 rowsRoot, uint32 rowCount)
        internal
        returns (ContributionId id)
    {
        id = commitRows(datanetId, contributor, rowsRoot, rowCount);
        vm.roll(block.number + 1);
        revealRows(id, rowsRoot, rowCount);
    }

    function bondReviewer(DatanetId datanetId, address who) internal {
        vm.deal(who, who.balance + STAKE);
        vm.prank(who);
        datanets.bondReviewer{value: STAKE}(datanetId);
    }

    function commitVote(ContributionId id, address who, bool approve) internal {
        bytes32 hash = datanets.voteHashOf(id, who, approve, "reason", "salt");
        vm.prank(who);
        datanets.commitVote(id, hash);
    }

    function revealVote(ContributionId id, address who, bool approve) internal {
        vm.prank(who);
        datanets.revealVote(id, approve, "reason", "salt");
    }

    /// @dev An accepted contribution.
    function accepted(DatanetId datanetId, address contributor, bytes32 rowsRoot, uint32 rowCount)
        internal
        returns (ContributionId id)
    {
        id = contribute(datanetId, contributor, rowsRoot, rowCount);
        commitVote(id, reviewer, true);
        revealVote(id, reviewer, true);
        vm.warp(block.timestamp + 31);
        datanets.accept(id);
    }

    /// @dev Six rows of alice, then five of bob.
    function createSnapshot() internal returns (SnapshotRef memory, FixtureRow[] memory rows) {
        DatanetId datanetId = createDatanet();
        ContributionId first = accepted(datanetId, alice, keccak256(abi.encode("a", datanetId)), ALICE_ROWS);
        ContributionId second = accepted(datanetId, bob, keccak256(abi.encode("b", datanetId)), BOB_ROWS);
        rows = new FixtureRow[](ALICE_ROWS + BOB_ROWS);
        for (uint32 i = 0; i < rows.length; i++) {
            rows[i] = i < ALICE_ROWS
                ? FixtureRow(ContributionId.unwrap(first), i, i)
                : FixtureRow(ContributionId.unwrap(second), i - ALICE_ROWS, i);
        }
        vm.prank(builder);
        return (SnapshotRef(datanetId, datanets.freeze(datanetId)), rows);
    }

    function documentOf(SnapshotRef memory snapshot, IndexCommitment memory index)
        internal
        pure
        returns (ModelDocument memory document)
    {
        document.name = "notes-1";
        document.baseHash = bytes32("base");
        document.adapterHash = keccak256(abi.encode(index));
        document.tokenizerHash = bytes32("tokenizer");
        document.methodHash = bytes32("method");
        document.manifestHash = bytes32("manifest");
        document.snapshots = new SnapshotRef[](1);
        document.snapshots[0] = snapshot;
        document.index = index;
    }

    function defaultTerms() internal pure returns (ModelTerms memory) {
        return ModelTerms(RATE_IN, RATE_OUT, FeeSplit(5000, 2000, 2000, 1000));
    }

    /// @dev A registration of `builder` that is still pending.
    function registerPending(SnapshotRef memory snapshot, IndexFixture fixture)
        internal
        returns (ModelId modelId)
    {
        ModelDocument memory document = documentOf(snapshot, fixture.index());
        vm.prank(builder);
        return models.register{value: REGISTRATION_BOND}(document, defaultTerms());
    }

    /// @dev A serving model of `builder` that `host` takes.
    function serveModel(SnapshotRef memory snapshot, IndexFixture fixture)
        internal
        returns (ModelId modelId)
    {
        modelId = registerPending(snapshot, fixture);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.prank(host);
        hosts.take(modelId, 0, 1000, 1000);
    }

    function requestInference(ModelId modelId) internal returns (RequestId requestId) {
        vm.prank(payer);
        return market.request{value: ESCROW}(modelId, host, keccak256("request"), 100, 50);
    }

    function claimOf(ModelId modelId, RequestId requestId, IndexFixture fixture)
        internal
        view
        returns (Claim memory claim)
    {
        claim.requestId = requestId;
        claim.modelId = modelId;
        claim.requestHash = keccak256("request");
        claim.tokensIn = 90;
        claim.tokensOut = 33;
        claim.outputHash = keccak256("answer");
        claim.queryHash = keccak256(fixture.query());
        claim.earnedBps = 10_000;
        claim.list = fixture.trueList();
    }

    /// @dev Posts `claim` with its query and without records, as the host.
    function postClaim(Claim memory claim, bytes memory query) internal {
        vm.prank(host);
        market.claim{value: BOND}(claim, query);
    }

    function settle(Claim memory claim) internal {
        recordSeed(market.getRequest(claim.requestId).seedBlock);
        Claim[] memory list = new Claim[](1);
        list[0] = claim;
        market.settle(list);
    }

    /// @dev Announces a call of `challenger` to `to` and makes it in the next block.
    function announced(address challenger, address to, bytes memory call)
        internal
        returns (bool ok, bytes memory answer)
    {
        vm.prank(challenger);
        ClaimChallenges(to).announce{value: DEPOSIT}(keccak256(call));
        vm.roll(block.number + 1);
        vm.prank(challenger);
        return to.call(call);
    }

    /// @dev The same, and the call must revert with `reason`.
    function refused(address challenger, address to, bytes memory call, bytes memory reason) internal {
        (bool ok, bytes memory answer) = announced(challenger, to, call);
        vm.assertFalse(ok, "the counter-example must not hold");
        vm.assertEq(answer, reason);
    }

    function shown(address challenger, address to, bytes memory call) internal {
        (bool ok, bytes memory answer) = announced(challenger, to, call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function netFee() internal pure returns (uint256) {
        return (uint256(90) * RATE_IN + uint256(33) * RATE_OUT) / 1000;
    }
}
