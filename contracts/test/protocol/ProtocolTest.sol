// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../../src/interfaces/IInfluenceVerifier.sol";
import {ContextShares} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelDocument, ModelTerms} from "../../src/protocol/ModelLedger.sol";
import {
    ContributionId,
    DatanetId,
    FeeSplit,
    ModelId,
    RequestId,
    SnapshotRef
} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolDeployment} from "./ProtocolDeployment.sol";

/// @notice What tests do with the protocol: data, models, requests and claims.
abstract contract ProtocolTest is ProtocolDeployment {
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
        boards.bondReviewer{value: STAKE}(datanetId);
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
        return modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
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
        // Of some answers rows in the prompt made a part.
        if (RequestId.unwrap(requestId) % 3 == 2) {
            claim.context = contextOf(claim, RequestId.unwrap(requestId));
        }
    }

    /// @dev A part for contributions of the list, or for the first alone.
    function contextOf(Claim memory claim, uint256 seed)
        internal
        pure
        returns (ContextShares memory context)
    {
        uint64[] memory ids = claim.list.contributionIds;
        uint256 count = 1 + seed % (ids.length > 1 ? 2 : 1);
        context.partBps = uint16(1 + (seed % 10_000 * 2777) % 10_000);
        (context.contributionIds, context.weights) = (new uint64[](count), new uint256[](count));
        for (uint256 i = 0; i < count; i++) {
            (context.contributionIds[i], context.weights[i]) = (ids[i], 1 + seed % (7 + i));
        }
        if (count == 1 || ids[0] < ids[1]) return context;
        (context.contributionIds[0], context.contributionIds[1]) = (ids[1], ids[0]);
    }

    uint256 internal constant CONTEXT_LIES = 8;

    /// @dev Of no right form.
    function deformedContext(ContextShares memory right, uint256 lie)
        internal
        pure
        returns (ContextShares memory context)
    {
        uint64 id = right.contributionIds[0];
        uint256 count = lie == 0 || lie == 5 ? 0 : lie == 1 ? 9 : lie == 2 ? 2 : 1;
        context.partBps = lie == 3 ? 0 : lie == 4 ? 10_001 : right.partBps;
        (context.contributionIds, context.weights) = (new uint64[](count), new uint256[](count));
        for (uint64 i = 0; i < count; i++) {
            (context.contributionIds[i], context.weights[i]) = (lie == 2 ? id : id + i, 1);
        }
        if (lie == 5) context.weights = new uint256[](1);
        if (lie == 6) context.weights[0] = 0;
        if (lie == 7) context.weights[0] = 1 << 64;
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
