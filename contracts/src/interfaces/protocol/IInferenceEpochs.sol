// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../../protocol/SumTrees.sol";
import {EpochId, ModelId} from "../../protocol/Types.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @notice What a host closes an epoch with.
/// @param number The epoch's among the host's own, from 1: the leaves name it.
/// @param count Inferences, the leaves of `root`.
/// @param payoutCount Leaves of `payoutRoot`.
/// @param net Sum of the leaves' net fees, in wei.
/// @param payoutSum Sum of what contributions earned, in wei.
/// @param largestNet No leaf has a larger net fee.
/// @param rateIn The model's rates that the leaves were made by: where its owner changed them meanwhile, nothing is closed.
/// @param contents Content id of the leaves' file; only a hint where to find them.
struct Closing {
    ModelId modelId;
    uint64 number;
    uint32 count;
    uint32 payoutCount;
    uint128 net;
    uint128 payoutSum;
    uint128 largestNet;
    uint128 rateIn;
    uint128 rateOut;
    bytes32 root;
    bytes32 payoutRoot;
    bytes32 contents;
}

/// @notice A payer's inferences in an epoch stand beside each other: so many, for so much.
/// @param net Sum of their net fees, in wei.
struct Range {
    address payer;
    uint32 count;
    uint128 net;
}

/// @notice The voucher that a range is paid by (IPurses.Voucher of its payer for the host).
struct RangeVoucher {
    uint128 cumulative;
    uint64 validUntil;
    bytes signature;
}

/// @notice An inference with its path in the epoch's tree. Its leaf is keccak256(0x00 | abi.encode(payer, claim)), its sum the net fee.
/// @param claim As for the market; its requestId is the epoch's id times 2^32 and the position.
struct ShownLeaf {
    uint32 position;
    uint128 net;
    address payer;
    Claim claim;
    SumNode[] path;
}

/// @notice What a contribution earned by an inference, with its path. Its leaf is keccak256(0x00 | contribution u64 | inference u32),
/// its sum the amount. Leaves stand in the order of contribution, then inference.
/// @param inference Position of the inference.
struct ShownPayout {
    uint32 position;
    uint64 contributionId;
    uint32 inference;
    uint128 amount;
    SumNode[] path;
}

/// @title Many inferences settled at once.
/// @notice A host collects inferences of a model that purses pay for, and closes them as one epoch: two sum trees, of inferences in the
/// order of their payers and of what contributions earned. Until its window ends anybody refutes it by one false leaf, node, range or
/// payout (EpochChallenges, and ClaimChallenges through EpochLeaves), or by silence on a demand (EpochDemands). Then all fees go back into
/// the purses and the bond is lost: half to who showed it, a quarter to the model's pools, a quarter to the treasury. An epoch that
/// stands pays owner, host, stakers, platform and pools when it is settled; contributions draw by showing where their leaves begin and
/// end, and no draw expires.
/// A leaf's net fee is (tokensIn * rateIn + tokensOut * rateOut) / 1000 by the rates at the closing; a payer pays the sum of its own and the platform's
/// part of that. A contribution earns its part by weight (RewardSplitter) of net * contributors * earnedBps / 10^8; owner, host and stakers
/// get their parts of the epoch's net, the pools the rest. The bond is at least 2.2 * (fees + count * largest fee / AUDITED_LEAVES).
/// What it leaves out: the chain does not know what a payer asked, so a payer loses at most what it signed to a host that invents requests. Rates
/// count as they are at the closing, within the same limit. What arithmetic can't decide (whether an output is the model's) EpochAudits draws
/// for panels; a lie of the host elsewhere makes no audit here. Wei and seconds.
interface IInferenceEpochs {
    enum Status {
        None,
        Closed,
        Settled,
        Refuted,
        /// @dev Refuted, and the purses have their fees again.
        Returned
    }

    /// @param deadline Until when it can be refuted.
    /// @param demandsUntil Until when a leaf can be demanded.
    /// @param seedBlock L1 block whose hash says what is audited; 0 on a chain without audits.
    /// @param fees What payers paid: net and the platform's parts.
    /// @param undrawn Of payoutSum, what nobody drew.
    /// @param rangesHash keccak256 of abi.encode(Range[]).
    struct Epoch {
        address host;
        Status status;
        uint64 deadline;
        uint16 platformBps;
        uint64 demandsUntil;
        uint64 seedBlock;
        uint32 count;
        uint32 payoutCount;
        uint32 challengeWindow;
        uint32 demandWindow;
        ModelId modelId;
        uint128 net;
        uint128 fees;
        uint128 payoutSum;
        uint128 undrawn;
        uint128 largestNet;
        uint128 bond;
        uint128 rateIn;
        uint128 rateOut;
        bytes32 root;
        bytes32 payoutRoot;
        bytes32 rangesHash;
    }

    /// @param challenger Who announced first of those who showed a counter-example.
    /// @param reward Wei that it gets.
    struct EpochRefutation {
        address challenger;
        uint64 announcedBlock;
        uint64 finalBlock;
        uint128 reward;
    }

    /// @param owner To the model's owner; the stakers' part too where there are none.
    /// @param pools What no row earned.
    struct EpochShares {
        uint256 owner;
        uint256 host;
        uint256 stakers;
        uint256 platform;
        uint256 pools;
    }

    event EpochClosed(
        EpochId indexed epochId,
        ModelId indexed modelId,
        address indexed host,
        Closing closing,
        Range[] ranges,
        uint256 fees,
        uint256 bond,
        uint64 deadline
    );
    event EpochDeadlineMoved(EpochId indexed epochId, uint64 deadline);
    event EpochSettled(EpochId indexed epochId, ModelId indexed modelId, EpochShares shares);
    event EpochRefuted(
        EpochId indexed epochId,
        address indexed host,
        address indexed challenger,
        bytes32 reason,
        uint256 lost
    );
    event EpochRewardCollected(EpochId indexed epochId, address indexed challenger, uint256 reward);
    event EpochFeesReturned(EpochId indexed epochId, uint256 fees);
    event EpochDrawn(
        EpochId indexed epochId, uint64 indexed contributionId, address indexed contributor, uint256 amount
    );

    error EpochStatus(EpochId epochId, Status actual);
    error EpochModelNotServing(ModelId modelId);
    /// @notice What the model's rates are.
    error EpochRates(uint256 rateIn, uint256 rateOut);
    error EpochHostNotTaking(ModelId modelId, address host);
    error EpochNumber(uint256 given, uint256 expected);
    error EpochSize(uint256 count, uint256 payouts, uint256 ranges);
    /// @notice What the ranges sum to.
    error RangesSum(uint256 count, uint256 net);
    error PayoutsAbovePart(uint256 payouts, uint256 part);
    error BondTooSmall(uint256 sent, uint256 required);
    error NotYet(uint256 deadline);
    error TooLate(uint256 deadline);
    error NotJudge(address caller);
    error NothingToCollect(EpochId epochId);
    /// @notice The range shown begins elsewhere than where the contribution's leaves do, or its last draw ended.
    error DrawStart(uint256 position, uint256 expected);
    error DrawEnd(uint64 first, uint64 last);

    /// @notice Closes the calling host's next epoch, with its bond. Pays each range from its payer's purse.
    function close(Closing calldata closing, Range[] calldata ranges, RangeVoucher[] calldata vouchers)
        external
        payable
        returns (EpochId epochId);

    /// @notice Pays out an epoch that nobody refuted in its window. Anybody may call.
    function settle(EpochId epochId) external;

    /// @notice Credits a contribution's contributor with the sum of the leaves from `first` to `last`. Draws of a contribution follow
    /// each other: the first begins where its leaves do, which `before`, the leaf before, shows. Anybody may call.
    function draw(
        EpochId epochId,
        ShownPayout calldata before,
        ShownPayout calldata first,
        ShownPayout calldata last
    ) external returns (uint256 amount);

    /// @notice An epoch is false. For the contracts that judge, within the opening blocks also once more: who announced first gets
    /// the reward.
    function refuteEpoch(EpochId epochId, address challenger, uint64 announcedBlock, bytes32 reason) external;

    /// @notice Keeps an epoch open to challenges at least until `deadline`. For EpochDemands.
    function extend(EpochId epochId, uint64 deadline) external;

    /// @notice Puts the fees of a refuted epoch back into the purses. Anybody may call, once.
    function returnFees(EpochId epochId, Range[] calldata ranges) external;

    /// @notice Gives the reward of a refutation to who announced first, when no other announcement can be shown any more.
    function collect(EpochId epochId) external;

    /// @notice An epoch that can still be refuted, or was within the opening blocks; reverts otherwise.
    function checkRefutable(EpochId epochId) external view returns (Epoch memory);

    /// @notice An epoch, also one that is over; of an id that was never closed all is 0.
    function epochOf(EpochId epochId) external view returns (Epoch memory);
    function refutationOf(EpochId epochId) external view returns (EpochRefutation memory);
    /// @notice Leaves up to this position are drawn; 0 if none.
    function drawnTo(EpochId epochId, uint64 contributionId) external view returns (uint32);
    /// @notice Epochs that a host has closed.
    function epochCount(address host) external view returns (uint64);
    /// @notice How many inferences of an epoch are drawn for audits: a bond covers the lies of count / AUDITED_LEAVES of the largest fee.
    function AUDITED_LEAVES() external view returns (uint32);
    /// @notice Wei that a closing must bring, at present.
    function bondOf(uint256 fees, uint256 count, uint256 largestNet) external view returns (uint256);
}
