// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IndexCommitment} from "../../src/interfaces/IInfluenceVerifier.sol";
import {DatanetRegistry} from "../../src/protocol/DatanetRegistry.sol";
import {Claim, InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {ModelDocument, ModelRegistry, ModelTerms, SnapshotRef} from "../../src/protocol/ModelRegistry.sol";
import {ModelStaking} from "../../src/protocol/ModelStaking.sol";
import {
    FeeSplit,
    FeeSplitBounds,
    Parameters,
    ProtocolParameters
} from "../../src/protocol/ProtocolParameters.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {InfluenceVerifierTwin} from "../../src/twin/InfluenceVerifierTwin.sol";
import {RewardSplitterTwin} from "../../src/twin/RewardSplitterTwin.sol";
import {Test} from "../lib/Test.sol";
import {IndexFixture} from "./IndexFixture.sol";

/// @notice All protocol contracts, with the twins standing at the precompiles' addresses.
abstract contract ProtocolTest is Test {
    address internal constant VERIFIER = 0x0000000000000000000000000000000000000a01;
    address internal constant SPLITTER = 0x0000000000000000000000000000000000000a03;
    uint128 internal constant STAKE = 5 ether;
    uint128 internal constant BOND = 3 ether;
    uint128 internal constant RATE_IN = 1_000_003;
    uint128 internal constant RATE_OUT = 7_000_001;

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
    ModelRegistry internal models;
    ModelStaking internal staking;
    InferenceMarket internal market;

    function deployProtocol() internal {
        vm.etch(VERIFIER, address(new InfluenceVerifierTwin()).code);
        vm.etch(SPLITTER, address(new RewardSplitterTwin()).code);
        parameters = new ProtocolParameters(
            governor,
            defaultParameters(),
            FeeSplitBounds({contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000})
        );
        balances = new RewardBalances();
        datanets = new DatanetRegistry(parameters, balances);
        models = new ModelRegistry(parameters, datanets);
        staking = new ModelStaking(parameters, models, balances);
        market = new InferenceMarket(parameters, models, staking, balances);
        vm.warp(1_000_000);
        vm.roll(100);
        address[7] memory people = [governor, builder, host, payer, watcher, alice, bob];
        for (uint256 i = 0; i < people.length; i++) {
            vm.deal(people[i], 1000 ether);
        }
    }

    function defaultParameters() internal view returns (Parameters memory) {
        return Parameters({
            treasury: treasury,
            platformBps: 1000,
            claimBond: BOND,
            challengeWindow: 20,
            claimTimeout: 60,
            reviewPeriod: 1000,
            stakePeriod: 500,
            unstakeDelay: 100
        });
    }

    /// @dev A datanet of `builder` with one reviewer.
    function createDatanet() internal returns (uint256 datanetId) {
        address[] memory reviewers = new address[](1);
        reviewers[0] = reviewer;
        vm.prank(builder);
        return datanets.create("notes", "CC-BY-4.0", "", STAKE, reviewers, 1);
    }

    /// @dev Commits and reveals; the content id is `content`.
    function contribute(uint256 datanetId, address contributor, bytes32 content)
        internal
        returns (uint256 id)
    {
        bytes32 hash = datanets.commitmentOf(
            datanetId, contributor, content, bytes32("rows"), 8, bytes32("salt")
        );
        vm.prank(contributor);
        id = datanets.commit{value: STAKE}(datanetId, hash);
        vm.roll(block.number + 1);
        vm.prank(contributor);
        datanets.reveal(id, content, bytes32("rows"), 8, bytes32("salt"));
    }

    function createSnapshot() internal returns (SnapshotRef memory) {
        uint256 datanetId = createDatanet();
        uint256 id = contribute(datanetId, alice, keccak256(abi.encode("document", datanetId)));
        vm.prank(reviewer);
        datanets.review(id, true);
        vm.prank(builder);
        return SnapshotRef(datanetId, datanets.freeze(datanetId));
    }

    function documentOf(IndexCommitment memory index) internal returns (ModelDocument memory document) {
        document.name = "notes-1";
        document.baseHash = bytes32("base");
        document.adapterHash = bytes32("adapter");
        document.tokenizerHash = bytes32("tokenizer");
        document.methodHash = bytes32("method");
        document.manifestHash = bytes32("manifest");
        document.snapshots = new SnapshotRef[](1);
        document.snapshots[0] = createSnapshot();
        document.index = index;
    }

    function defaultTerms() internal pure returns (ModelTerms memory) {
        return ModelTerms(RATE_IN, RATE_OUT, FeeSplit(5000, 2000, 2000, 1000));
    }

    /// @dev A model of `builder` that `host` serves.
    function registerModel(IndexFixture fixture) internal returns (uint256 modelId) {
        ModelDocument memory document = documentOf(fixture.index());
        address[] memory hosts = new address[](1);
        hosts[0] = host;
        vm.prank(builder);
        return models.register(document, defaultTerms(), hosts);
    }

    function requestInference(uint256 modelId, uint256 escrow) internal returns (uint256 requestId) {
        vm.prank(payer);
        return market.request{value: escrow}(modelId, host, keccak256("prompt"), 100, 50);
    }

    function owners() internal view returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (alice, bob);
    }

    function claimOf(IndexFixture fixture) internal view returns (Claim memory claim) {
        claim.outputHash = keccak256("answer");
        claim.tokensIn = 90;
        claim.tokensOut = 33;
        claim.influence = fixture.trueClaim();
    }

    /// @dev Posts `claim` without records, as the host.
    function postClaim(uint256 requestId, Claim memory claim) internal {
        vm.prank(host);
        market.claim{value: BOND}(requestId, claim);
    }
}
