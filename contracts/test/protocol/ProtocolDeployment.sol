// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAudits} from "../../src/interfaces/protocol/IAudits.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {AttributionLedger} from "../../src/protocol/AttributionLedger.sol";
import {Audits} from "../../src/protocol/Audits.sol";
import {Disputes} from "../../src/protocol/Disputes.sol";
import {Seeds} from "../../src/protocol/Seeds.sol";
import {VerifierPool} from "../../src/protocol/VerifierPool.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {ClaimDemands} from "../../src/protocol/ClaimDemands.sol";
import {Curation} from "../../src/protocol/Curation.sol";
import {DataAccess} from "../../src/protocol/DataAccess.sol";
import {ContributionStakes} from "../../src/protocol/ContributionStakes.sol";
import {DatanetRegistry} from "../../src/protocol/DatanetRegistry.sol";
import {HostStakes} from "../../src/protocol/HostStakes.sol";
import {InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {ModelChallenges} from "../../src/protocol/ModelChallenges.sol";
import {ModelLedger} from "../../src/protocol/ModelLedger.sol";
import {ModelRegistry} from "../../src/protocol/ModelRegistry.sol";
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
import {RegistryProxy} from "../../src/protocol/RegistryProxy.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {Reviewers} from "../../src/protocol/Reviewers.sol";
import {SnapshotPools} from "../../src/protocol/SnapshotPools.sol";
import {InfluenceVerifierTwin} from "../../src/twin/InfluenceVerifierTwin.sol";
import {RewardSplitterTwin} from "../../src/twin/RewardSplitterTwin.sol";
import {Test} from "../lib/Test.sol";

/// @notice All protocol contracts, with the twins standing at the precompiles' addresses.
abstract contract ProtocolDeployment is Test {
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
    ModelLedger internal models;
    ModelRegistry internal modelRegistry;
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
    AttributionLedger internal ledger;
    ContributionStakes internal contributorStakes;
    Reviewers internal boards;
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
        ledger = new AttributionLedger(nextAddress(5));
        losses = new StakeLosses(parameters, balances, nextAddress(1), disputes, PANEL_FEE);
        contributorStakes = new ContributionStakes(balances, losses, nextAddress(3), nextAddress(4));
        boards = new Reviewers(parameters, balances, ledger, nextAddress(2));
        address code = address(datanetCode(nextAddress(2)));
        datanets = DatanetRegistry(address(new RegistryProxy(code, governor)));
        plagiarism = new PlagiarismProofs(parameters, balances, datanets, ledger, contributorStakes);
        curation = new Curation(datanets, boards, balances);
        models = new ModelLedger(
            parameters,
            balances,
            nextAddress(2),
            nextAddress(3),
            nextAddress(4),
            DataAccess(nextAddress(6)),
            ModelRoyalties(payable(nextAddress(8)))
        );
        code = address(new ModelRegistry(parameters, ledger, models));
        modelRegistry = ModelRegistry(address(new RegistryProxy(code, governor)));
        modelChallenges = new ModelChallenges(parameters, balances, models, ledger);
        modelDisputes = new ModelDisputes(models, ledger, disputes, PANEL_FEE);
        pools = new SnapshotPools(ledger, balances, models);
        access = new DataAccess(parameters, ledger, pools, curation, address(models));
        staking = new ModelStaking(parameters, models, balances, nextAddress(3), 10);
        royalties = new ModelRoyalties(models, pools, staking, balances);
        hosts = new HostStakes(parameters, balances, models, nextAddress(1));
        market = new InferenceMarket(
            InferenceMarket.Parts({
                parameters: parameters,
                models: models,
                ledger: ledger,
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

    /// @dev Code of the registry of datanets.
    function datanetCode(address proofs) internal returns (DatanetRegistry) {
        return new DatanetRegistry(parameters, ledger, boards, contributorStakes, proofs);
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
}
