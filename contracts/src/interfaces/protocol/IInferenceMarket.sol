// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelId, RequestId} from "../../protocol/Types.sol";
import {InfluenceList} from "../IInfluenceVerifier.sol";
import {IChallengedClaims} from "./IChallengedClaims.sol";

/// @notice Which contributions rows that stood in the prompt earn for. All empty where the model shows none, or they added nothing.
/// @param partBps What the rows added to the answer, of what they and training did, in 1/10000; 0 exactly where nobody is named.
/// @param contributionIds At most 8, ascending.
/// @param weights Theirs, of that part; above 0, below 2^64.
struct ContextShares {
    uint16 partBps;
    uint64[] contributionIds;
    uint256[] weights;
}

/// @notice What a host posts for an inference. Only its hash is stored; whoever challenges or settles brings it again from the
/// InferenceClaimed event.
/// @param requestHash The request's: the claim is about what was asked, nothing else.
/// @param tokensIn Prompt tokens, at most the request's maximum.
/// @param tokensOut Answer tokens, at most the request's maximum.
/// @param outputHash keccak256 over the answer's token ids, each as u32 big endian.
/// @param queryHash keccak256 of the answer's sketch.
/// @param earnedBps How much of what the context leaves of the contributors' part the adapter earned, in 1/10000; the rest goes to the
/// snapshots' pools.
/// @param list Which training examples made the answer.
/// @param context Which rows in the prompt did. No counter-example shows it false: panels recompute it.
struct Claim {
    RequestId requestId;
    ModelId modelId;
    bytes32 requestHash;
    uint32 tokensIn;
    uint32 tokensOut;
    bytes32 outputHash;
    bytes32 queryHash;
    uint16 earnedBps;
    InfluenceList list;
    ContextShares context;
}

/// @title Paid inferences: request, claim, challenge, settlement.
/// @notice A claim can be challenged until its window ends (ClaimChallenges): a counter-example is decided at once. What a
/// refuted liar loses, bond and slashed stake, goes half to who showed it first, a quarter to the pools of the model's snapshots,
/// a quarter to the treasury. Where its stake does not reach, the model's stakers pay the pools up to the fee. What no row earned goes to those pools as well, never back to payer or host. Amounts are wei.
interface IInferenceMarket is IChallengedClaims {
    enum Status {
        None,
        Requested,
        Claimed,
        Settled,
        /// @dev Proven false, or a demand was met with silence; the escrow went back.
        Refuted,
        Cancelled
    }

    /// @param platformBps The platform's part of the fee when it was asked, in 1/10000.
    /// @param deadline Requested: until when the host may claim. Claimed: until when the claim can be challenged.
    /// @param requestHash What was asked: keccak256 over a salt, the prompt's tokens, the adapter, the sampling parameters, the seed
    /// and the limits. The chain never opens it.
    /// @param auditBps Chance of an audit when it was asked, in 1/10000.
    /// @param seedBlock L1 block whose hash says whether the claim is audited; 0 on a chain without audits.
    /// @param rateIn The model's rate when it was asked; wei for 1000 tokens.
    /// @param escrow Wei that the payer left.
    /// @param bond Wei that the host bound to the claim.
    /// @param fee Wei that the claim takes of the escrow.
    struct Request {
        address payer;
        Status status;
        bool proved;
        bool queryPublished;
        uint16 platformBps;
        uint32 challengeWindow;
        uint16 auditBps;
        address host;
        uint64 deadline;
        uint32 maxTokensIn;
        uint32 maxTokensOut;
        uint32 demandWindow;
        uint128 claimBond;
        uint64 seedBlock;
        uint128 rateIn;
        uint128 rateOut;
        uint128 escrow;
        uint128 bond;
        uint128 fee;
        uint64 claimedAt;
        ModelId modelId;
        bytes32 requestHash;
        bytes32 claimHash;
    }

    /// @notice Where the escrow goes, in wei; sums to it.
    /// @param contributors To the listed rows' contributors, by weight.
    /// @param context To the contributors of rows in the prompt, by weight.
    /// @param pools To the pools of the model's snapshots.
    /// @param owner To the model's owner, or to the purse of what it owes to its ancestors and its data (IModelRoyalties).
    /// @param platform The platform's part, to the treasury.
    /// @param refund Back to the payer: what was not used.
    struct Payout {
        uint256 contributors;
        uint256 context;
        uint256 pools;
        uint256 owner;
        uint256 host;
        uint256 stakers;
        uint256 platform;
        uint256 refund;
    }

    /// @param challenger Who announced first of those who showed a counter-example.
    /// @param reward Wei that it gets.
    struct Refutation {
        address challenger;
        uint64 announcedBlock;
        uint64 finalBlock;
        uint128 reward;
    }

    event InferenceRequested(
        RequestId indexed requestId,
        ModelId indexed modelId,
        address indexed host,
        address payer,
        bytes32 requestHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut,
        uint256 escrow,
        uint64 claimDeadline
    );
    event InferenceCancelled(RequestId indexed requestId, address indexed payer, uint256 refund);
    event InferenceClaimed(
        RequestId indexed requestId,
        ModelId indexed modelId,
        address indexed host,
        bool proved,
        Claim claim,
        bytes32 claimHash,
        bytes query,
        uint256 fee,
        uint256 bond,
        uint64 challengeDeadline
    );
    /// @notice `reason` says by what: a challenge's name, or silence.
    event InferenceRefuted(
        RequestId indexed requestId,
        address indexed host,
        address indexed challenger,
        bytes32 reason,
        uint256 lost,
        uint256 refund
    );
    event ChallengeDeadlineMoved(RequestId indexed requestId, uint64 challengeDeadline);
    event RewardCollected(RequestId indexed requestId, address indexed challenger, uint256 reward);
    event InferenceSettled(RequestId indexed requestId, ModelId indexed modelId, uint256 fee, Payout payout);
    /// @notice What each listed contribution's payee, of the time of the settlement, received of a request.
    event ContributorsPaid(
        RequestId indexed requestId, uint64[] contributionIds, address[] contributors, uint256[] amounts
    );
    /// @notice The same of contributions whose rows stood in the prompt.
    event ContextPaid(
        RequestId indexed requestId, uint64[] contributionIds, address[] contributors, uint256[] amounts
    );

    /// @notice What a request's escrow paid beside its contributors: owner, host, treasury and payer, or the payer alone.
    event FeePaid(RequestId indexed requestId, address[] to, uint256[] amounts);

    error RequestUnknown(RequestId requestId);
    error RequestStatus(RequestId requestId, Status actual);
    error ModelNotServing(ModelId modelId);
    error HostNotTaking(ModelId modelId, address host);
    error TokensAboveHostLimit(uint32 maxTokensIn, uint32 maxTokensOut);
    error FeeBelowHostLeast(uint256 fee, uint256 least);
    error EscrowTooSmall(uint256 sent, uint256 required);
    error EscrowTooLarge(uint256 sent);
    error NotYet(uint256 deadline);
    error NotHost(address account);
    error BondMismatch(uint256 sent, uint256 required);
    error TokensOverMaximum(uint256 tokensIn, uint256 tokensOut);
    error ClaimOfAnother(RequestId requestId, ModelId modelId, bytes32 requestHash);
    error EarnedOutOfRange(uint256 earnedBps);
    error TooLate(uint256 deadline);
    /// @notice The claim given is not the one that was posted.
    error ClaimMismatch(bytes32 posted, bytes32 given);
    error QueryMismatch(bytes32 queryHash);
    error NotChallenges(address caller);
    error NotStakes(address caller);
    error NotAudits(address caller);
    error NotDemands(address caller);
    error NothingToCollect(RequestId requestId);

    /// @notice Asks a host for an answer and leaves the escrow: at least the fee of the maximum of tokens (see quote).
    /// @param modelId A serving model.
    /// @param host One that takes the model.
    /// @param requestHash See Request.
    /// @param maxTokensIn Prompt tokens that may be charged.
    /// @param maxTokensOut Answer tokens that may be charged.
    /// @return requestId Counted from 1.
    function request(
        ModelId modelId,
        address host,
        bytes32 requestHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut
    ) external payable returns (RequestId requestId);

    /// @notice Gives the escrow back to the payer when the host did not claim in time. Anybody may call.
    function cancel(RequestId requestId) external;

    /// @notice The fee at present: net = (tokensIn * rateIn + tokensOut * rateOut) / 1000, and the platform's part on top,
    /// net * platformBps / (10000 - platformBps), both rounded down.
    function quote(ModelId modelId, uint32 tokensIn, uint32 tokensOut) external view returns (uint256 fee);

    function getRequest(RequestId requestId) external view returns (Request memory);

    /// @notice Posts a claim whose scores and weights nobody has checked yet. For the request's host, with the bond.
    /// @param query The sketch, or nothing: then it can be demanded.
    function claim(Claim calldata given, bytes calldata query) external payable;

    /// @notice Posts a claim with the records that show its scores and weights. For the request's host, with the bond.
    /// @param records The committed record of each listed row.
    /// @param paths Their Merkle paths.
    function claimProved(
        Claim calldata given,
        bytes calldata query,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external payable;

    /// @notice The hash by which a claim is stored and that the host signs for the payer.
    function hashOf(Claim calldata given) external view returns (bytes32);

    /// @notice Pays out unchallenged claims after their windows. Anybody may call.
    function settle(Claim[] calldata claims) external;

    /// @notice The host met a demand with silence. For ClaimDemands. A withheld query is a lie; an answer that was not delivered
    /// costs the bond and twice what others than owner and host would have had, which goes to the pools.
    function refuteSilence(Claim calldata given, address by, bool isLie) external;

    /// @notice A panel of verifiers, or silence towards it, refuted a claim. For Audits.
    /// @param by Gets the challenger's half.
    function refuteByVerdict(Claim calldata given, address by, bytes32 reason) external;

    /// @notice Keeps a claim open to challenges at least until `deadline`. For ClaimDemands.
    function extend(RequestId requestId, uint64 deadline, bool queryPublished) external;

    /// @notice Gives the reward of a refutation to who announced first, when no other announcement can be shown any more.
    function collect(RequestId requestId) external;

    /// @notice What settling `given` would pay now.
    function payoutOf(Claim calldata given) external view returns (Payout memory payout);

    function refutationOf(RequestId requestId) external view returns (Refutation memory);

    /// @notice The request of a claim that was posted like this and is neither settled nor refuted; reverts otherwise.
    function claimed(Claim calldata given) external view returns (Request memory);
}
