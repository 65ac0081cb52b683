// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShownNode} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {IChallengedClaims} from "../../src/interfaces/protocol/IChallengedClaims.sol";
import {IEpochAudits} from "../../src/interfaces/protocol/IEpochAudits.sol";
import {
    Closing,
    IInferenceEpochs,
    Range,
    RangeVoucher,
    ShownLeaf,
    ShownPayout
} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {IPurses} from "../../src/interfaces/protocol/IPurses.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {EpochAudits} from "../../src/protocol/EpochAudits.sol";
import {EpochChallenges} from "../../src/protocol/EpochChallenges.sol";
import {EpochClosings} from "../../src/protocol/EpochClosings.sol";
import {EpochDemands} from "../../src/protocol/EpochDemands.sol";
import {EpochLeaves} from "../../src/protocol/EpochLeaves.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {InferenceEpochs} from "../../src/protocol/InferenceEpochs.sol";
import {REWARD_SPLITTER} from "../../src/protocol/Precompiles.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {EpochId, ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice Epochs of a served model as a host makes them, written from the definitions, apart from the code under test.
abstract contract EpochFixture is PanelTest {
    /// @notice An inference before it has a place in a tree.
    struct Draft {
        address payer;
        uint128 net;
        Claim claim;
    }

    /// @notice What a contribution is due for an inference.
    struct Due {
        uint64 contributionId;
        uint32 inference;
        uint128 amount;
    }

    /// @notice A node of a tree that says `by` more than it should; level 0 are the leaves, padding among them.
    struct Bump {
        uint256 level;
        uint256 at;
        uint128 by;
    }

    uint64 internal constant DELAY = 1 hours;
    uint128 internal constant ONE_FEE = 1 ether;

    InferenceEpochs internal epochs;
    EpochChallenges internal epochChallenges;
    EpochLeaves internal epochLeaves;
    EpochDemands internal epochDemands;
    ClaimChallenges internal leafChallenges;
    EpochAudits internal epochAudits;
    bool internal hasAudits;
    /// @dev Inferences of an epoch that panels look at.
    uint32 internal auditedLeaves = 4;
    /// @dev Row 10 of the index repeats row 0, and row 9 takes no part.
    bool internal hasRepeat;
    IndexFixture internal fixture;
    ModelId internal modelId;

    Draft[] internal drafts;
    Due[] internal dues;
    Range[] internal ranges;
    Bump internal bump;
    Bump internal payoutBump;
    EpochId internal epochId;

    function deployEpochs() internal {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        if (hasRepeat) (rows[10].first, rows[9].first) = (0, type(uint32).max);
        for (uint256 seed = 1; address(fixture) == address(0); seed++) {
            IndexFixture tried = new IndexFixture(rows, 16, 4, 1000, seed);
            if (hasRepeat && tried.score(10) <= 0) continue;
            // A full list with a row left over, in which both contributors earn.
            if (tried.ranking().length > 4 && tried.trueList().contributionIds.length == 2) fixture = tried;
        }
        modelId = serveModel(snapshot, fixture);
        EpochClosings.Parts memory parts = EpochClosings.Parts(
            parameters,
            models,
            ledger,
            staking,
            hosts,
            pools,
            balances,
            nextAddress(1),
            nextAddress(2),
            nextAddress(3),
            IEpochAudits(hasAudits ? nextAddress(5) : address(0)),
            auditedLeaves
        );
        epochs = new InferenceEpochs(parts, DELAY);
        epochChallenges = new EpochChallenges(parameters, balances, models, epochs);
        epochLeaves = new EpochLeaves(epochs, nextAddress(2));
        epochDemands = new EpochDemands(parameters, balances, epochs);
        leafChallenges = new ClaimChallenges(parameters, balances, models, IChallengedClaims(epochLeaves));
        epochAudits = new EpochAudits(balances, epochLeaves, disputes, seeds, PANEL_FEE);
        vm.deal(host, 1 << 100);
    }

    function keyOf(uint256 who) internal pure returns (uint256) {
        return 0x9A7E5 + who;
    }

    function signerOf(uint256 who) internal pure returns (address) {
        return vm.addr(keyOf(who));
    }

    function fillPurse(uint256 who, uint256 amount) internal {
        vm.deal(signerOf(who), amount);
        vm.prank(signerOf(who));
        epochs.fill{value: amount}(signerOf(who), host);
    }

    function voucherOf(uint256 who, uint128 cumulative) internal view returns (IPurses.Voucher memory) {
        return IPurses.Voucher(signerOf(who), host, cumulative, uint64(block.timestamp) + 1 days);
    }

    function sign(uint256 key, IPurses.Voucher memory voucher) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, epochs.digestOf(voucher));
        return abi.encodePacked(r, s, v);
    }

    function netOf(Claim memory claim) internal pure returns (uint128) {
        return uint128((uint256(claim.tokensIn) * RATE_IN + uint256(claim.tokensOut) * RATE_OUT) / 1000);
    }

    function feeOf(uint256 net) internal pure returns (uint256) {
        return net + (net * 1000) / 9000;
    }

    /// @dev The epoch that comes next of the host, true in all: `counts[i]` inferences of payer i.
    function draft(uint32[] memory counts) internal {
        delete drafts;
        delete bump;
        delete payoutBump;
        epochId = EpochId.wrap((uint256(uint160(host)) << 64) | (epochs.epochCount(host) + 1));
        for (uint256 who = 0; who < counts.length; who++) {
            for (uint32 i = 0; i < counts[who]; i++) {
                uint32 at = uint32(drafts.length);
                Claim memory claim =
                    claimOf(modelId, RequestId.wrap((EpochId.unwrap(epochId) << 32) | at), fixture);
                (claim.tokensIn, claim.tokensOut) = (90 + 7 * at, 33 + at);
                if (at % 3 == 1) claim.earnedBps = 4321;
                delete claim.context;
                if (at % 3 == 2) claim.context = contextOf(claim, at);
                drafts.push(Draft(signerOf(who), netOf(claim), claim));
            }
        }
        owe();
        measure();
    }

    function two() internal pure returns (uint32[] memory counts) {
        counts = new uint32[](2);
        (counts[0], counts[1]) = (3, 2);
    }

    /// @dev What contributions are due for the drafts as they are, in order.
    function owe() internal {
        delete dues;
        // All drafts of this fixture list the same contributions.
        uint64[] memory ids = fixture.trueList().contributionIds;
        if (ids[0] > ids[1]) (ids[0], ids[1]) = (ids[1], ids[0]);
        for (uint256 c = 0; c < ids.length; c++) {
            for (uint32 i = 0; i < drafts.length; i++) {
                uint128 amount = dueOf(i, ids[c]);
                if (amount > 0) dues.push(Due(ids[c], i, amount));
            }
        }
    }

    function dueOf(uint32 at, uint64 id) internal view returns (uint128) {
        Draft memory one = drafts[at];
        uint256 part = uint256(one.net) * 5000 / 1e4;
        uint256 shown = part * one.claim.context.partBps / 1e4;
        uint256 taught = (part - shown) * one.claim.earnedBps / 1e4;
        return partOf(taught, one.claim.list.contributionIds, one.claim.list.weights, id)
            + partOf(shown, one.claim.context.contributionIds, one.claim.context.weights, id);
    }

    function partOf(uint256 amount, uint64[] memory ids, uint256[] memory weights, uint64 id)
        internal
        view
        returns (uint128 part)
    {
        if (ids.length == 0) return 0;
        uint256[] memory parts = REWARD_SPLITTER.split(amount, weights);
        for (uint256 i = 0; i < parts.length; i++) {
            if (ids[i] == id) part = uint128(parts[i]);
        }
    }

    /// @dev The drafts' ranges.
    function measure() internal {
        delete ranges;
        for (uint256 i = 0; i < drafts.length; i++) {
            if (i == 0 || drafts[i].payer != drafts[i - 1].payer) ranges.push(Range(drafts[i].payer, 0, 0));
            Range storage range = ranges[ranges.length - 1];
            (range.count, range.net) = (range.count + 1, range.net + drafts[i].net);
        }
    }

    /// @dev Levels of the tree, leaves first.
    function levelsOf(SumNode[] memory leaves, Bump memory bumped)
        internal
        pure
        returns (SumNode[][] memory levels)
    {
        uint256 depth = 0;
        while ((1 << depth) < leaves.length) depth++;
        levels = new SumNode[][](depth + 1);
        levels[0] = new SumNode[](1 << depth);
        for (uint256 i = 0; i < leaves.length; i++) {
            levels[0][i] = leaves[i];
        }
        for (uint256 level = 0; level <= depth; level++) {
            if (level > 0) levels[level] = above(levels[level - 1]);
            if (bumped.by > 0 && bumped.level == level) levels[level][bumped.at].sum += bumped.by;
        }
    }

    function above(SumNode[] memory below) internal pure returns (SumNode[] memory nodes) {
        nodes = new SumNode[](below.length / 2);
        for (uint256 i = 0; i < nodes.length; i++) {
            (SumNode memory left, SumNode memory right) = (below[2 * i], below[2 * i + 1]);
            bytes32 hash;
            uint256 free;
            // What is hashed is forgotten: large trees of a test fit in its memory.
            assembly ("memory-safe") {
                free := mload(0x40)
            }
            hash = keccak256(
                bytes.concat(hex"01", left.hash, bytes16(left.sum), right.hash, bytes16(right.sum))
            );
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
            (nodes[i].hash, nodes[i].sum) = (hash, left.sum + right.sum);
        }
    }

    function pathOf(SumNode[][] memory levels, uint256 level, uint256 at)
        internal
        pure
        returns (SumNode[] memory path)
    {
        path = new SumNode[](levels.length - 1 - level);
        for (uint256 i = 0; i < path.length; i++) {
            path[i] = levels[level + i][(at >> i) ^ 1];
        }
    }

    function inferenceLevels() internal view returns (SumNode[][] memory) {
        SumNode[] memory leaves = new SumNode[](drafts.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            Draft memory one = drafts[i];
            leaves[i] = SumNode(keccak256(bytes.concat(hex"00", abi.encode(one.payer, one.claim))), one.net);
        }
        return levelsOf(leaves, bump);
    }

    function payoutLevels() internal view returns (SumNode[][] memory) {
        SumNode[] memory leaves = new SumNode[](dues.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            Due memory due = dues[i];
            leaves[i] = SumNode(
                keccak256(bytes.concat(hex"00", bytes8(due.contributionId), bytes4(due.inference))),
                due.amount
            );
        }
        return levelsOf(leaves, payoutBump);
    }

    function closingOf() internal view returns (Closing memory closing) {
        (closing.modelId, closing.number) = (modelId, uint64(EpochId.unwrap(epochId)));
        (closing.count, closing.payoutCount) = (uint32(drafts.length), uint32(dues.length));
        SumNode[][] memory levels = inferenceLevels();
        SumNode memory root = levels[levels.length - 1][0];
        (closing.root, closing.net) = (root.hash, root.sum);
        if (dues.length > 0) {
            levels = payoutLevels();
            root = levels[levels.length - 1][0];
            (closing.payoutRoot, closing.payoutSum) = (root.hash, root.sum);
        }
        for (uint256 i = 0; i < drafts.length; i++) {
            if (drafts[i].net > closing.largestNet) closing.largestNet = drafts[i].net;
        }
        (closing.rateIn, closing.rateOut) = (RATE_IN, RATE_OUT);
        closing.contents = keccak256("contents");
    }

    /// @dev One voucher for each range, over what its payer has spent and spends now.
    function vouchersOf() internal view returns (RangeVoucher[] memory vouchers) {
        vouchers = new RangeVoucher[](ranges.length);
        for (uint256 i = 0; i < vouchers.length; i++) {
            uint256 who = ranges[i].payer == signerOf(0) ? 0 : 1;
            uint256 spent = epochs.purseOf(ranges[i].payer, host).spent;
            for (uint256 j = 0; j <= i; j++) {
                if (ranges[j].payer == ranges[i].payer) spent += feeOf(ranges[j].net);
            }
            IPurses.Voucher memory voucher = voucherOf(who, uint128(spent));
            vouchers[i] = RangeVoucher(voucher.cumulative, voucher.validUntil, sign(keyOf(who), voucher));
        }
    }

    function bondFor(Closing memory closing) internal view returns (uint256) {
        uint256 fees = 0;
        for (uint256 i = 0; i < ranges.length; i++) {
            fees += feeOf(ranges[i].net);
        }
        return epochs.bondOf(fees, closing.count, closing.largestNet);
    }

    function closeEpoch() internal {
        Closing memory closing = closingOf();
        RangeVoucher[] memory vouchers = vouchersOf();
        uint256 bond = bondFor(closing);
        vm.prank(host);
        epochs.close{value: bond}(closing, ranges, vouchers);
    }

    function settleEpoch() internal {
        vm.warp(epochs.epochOf(epochId).deadline + 1);
        epochs.settle(epochId);
    }

    function leafAt(uint32 at) internal view returns (ShownLeaf memory) {
        Draft memory one = drafts[at];
        return ShownLeaf(at, one.net, one.payer, one.claim, pathOf(inferenceLevels(), 0, at));
    }

    function payoutAt(uint256 at) internal view returns (ShownPayout memory shownPayout) {
        // Where a call needs none.
        if (at >= dues.length) return shownPayout;
        Due memory due = dues[at];
        return
            ShownPayout(
                uint32(at), due.contributionId, due.inference, due.amount, pathOf(payoutLevels(), 0, at)
            );
    }

    function nodeAt(bool isPayout, uint256 at) internal view returns (ShownNode memory) {
        SumNode[][] memory levels = isPayout ? payoutLevels() : inferenceLevels();
        return ShownNode(uint32(at), levels[0][at], pathOf(levels, 0, at));
    }

    function statusOf(EpochId id) internal view returns (IInferenceEpochs.Status) {
        return epochs.epochOf(id).status;
    }

    /// @dev Draws all of a contribution, and returns how much that was.
    function drawAll(uint64 contributionId) internal returns (uint256) {
        (uint256 first, uint256 last) = (dues.length, 0);
        for (uint256 i = 0; i < dues.length; i++) {
            if (dues[i].contributionId != contributionId) continue;
            if (first == dues.length) first = i;
            last = i;
        }
        return
            epochs.draw(
                epochId, payoutAt(first == 0 ? dues.length : first - 1), payoutAt(first), payoutAt(last)
            );
    }
}
