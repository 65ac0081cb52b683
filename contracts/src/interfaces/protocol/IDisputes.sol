// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeId} from "../../protocol/Types.sol";

/// @title Panels of verifiers that say what came out.
/// @notice A panel of 7 is drawn by stake from the hash of an L1 block that nobody knew at the opening; two thirds of the drawn
/// seats decide. A verdict of a small panel can be escalated for a window, since chance may seat a minority: whoever is sure of the
/// truth pays for a larger panel. Where they don't agree, 21 are drawn anew; where those don't either, all verifiers with a stake
/// are asked, and more than half of the stake that revealed decides. Only that last verdict slashes: who revealed another result loses 5 % of its stake
/// for each round in which it did, who was silent in the last round 1 %. Where nobody reveals, or no result has more than half at the last,
/// nothing was shown: what was claimed stands, and nobody is slashed.
///
/// A result is a value that is compared with what was claimed, and a digest that no claim publishes (of the logits at the answer's
/// positions): copying the claim passes for no work. Each panel member commits keccak256(abi.encode(dispute, own address, value,
/// digest, salt)), so that copying a commitment passes for no work either. Wei and seconds.
interface IDisputes {
    enum Status {
        None,
        /// @dev Waits for its L1 block.
        Opened,
        /// @dev The panel commits, then reveals.
        Drawn,
        Decided,
        /// @dev Nobody revealed, or the last panel had no majority: what was claimed stands. Also where the opener let it go.
        Undecided
    }

    /// @param opener The contract that asked.
    /// @param claimed The value under dispute.
    /// @param value, digest Decided: what came out.
    /// @param round 0, 1 or 2.
    /// @param seedBlock L1 block whose hash draws the round's panel.
    /// @param stakesAt Time as of which stakes count in the round.
    /// @param window Seconds for evidence, then for commitments, then for reveals: the demand window, at most MAX_WINDOW.
    /// @param drawnAt When the round's panel was drawn.
    /// @param decidedAt Decided: when; it is final a window later, in the last round at once.
    /// @param pot Wei that the deciding round's majority shares.
    struct Dispute {
        address opener;
        Status status;
        uint8 round;
        uint32 window;
        uint64 seedBlock;
        uint64 stakesAt;
        uint64 drawnAt;
        uint64 decidedAt;
        uint128 pot;
        bytes32 claimed;
        bytes32 value;
        bytes32 digest;
    }

    /// @param drawn Weight of the panel: seats, in the last round wei.
    /// @param revealed Weight that revealed.
    /// @param bestWeight Of the result that most have revealed.
    struct Round {
        uint256 drawn;
        uint256 revealed;
        uint256 bestWeight;
        bytes32 best;
        bytes32 bestValue;
        bytes32 bestDigest;
    }

    /// @param weight Seats, in the last round wei.
    /// @param result Hash of what it revealed; 0 before.
    struct Vote {
        uint256 weight;
        bytes32 commitment;
        bytes32 result;
        bool isCollected;
    }

    event DisputeOpened(DisputeId indexed disputeId, address indexed opener, bytes32 claimed, uint256 pot);
    event RoundOpened(DisputeId indexed disputeId, uint8 indexed round, uint64 seedBlock);
    event PanelDrawn(DisputeId indexed disputeId, uint8 indexed round, address[] panel, uint256[] weights);
    event ResultCommitted(DisputeId indexed disputeId, uint8 indexed round, address indexed verifier);
    event ResultRevealed(
        DisputeId indexed disputeId,
        uint8 indexed round,
        address indexed verifier,
        bytes32 value,
        bytes32 digest
    );
    event DisputeDecided(DisputeId indexed disputeId, Status status, bytes32 value, bytes32 digest);
    event DisputeEscalated(DisputeId indexed disputeId, uint256 added);
    event VerifierPaid(DisputeId indexed disputeId, address indexed verifier, uint256 amount);

    /// @notice A verifier could have left before a dispute that it judged is over.
    error ExitDelayTooShort(uint256 delay, uint256 least);
    error DisputeStatus(DisputeId disputeId, Status actual);
    error PotTooLarge(uint256 pot);
    error NotFinal(uint256 time);
    error NotOpener(address caller);
    error NotOnPanel(address caller);
    error AlreadyCommitted(address verifier);
    error CommitmentEmpty();
    error RevealMismatch(bytes32 committed, bytes32 revealed);
    error AlreadyRevealed(address verifier);
    error NotNow(uint256 from, uint256 until);
    error NothingToCollect(address verifier);

    /// @notice Asks for a verdict over `claimed`; the value sent is the panel's. The caller acts on the verdict.
    function open(bytes32 claimed) external payable returns (DisputeId disputeId);

    /// @notice Draws the round's panel once its L1 block is recorded. Anybody may call.
    function draw(DisputeId disputeId) external;

    /// @notice A panel member's hidden result, within two windows of the draw.
    function commit(DisputeId disputeId, bytes32 commitment) external;

    /// @notice Opens a commitment, in the window after that.
    function reveal(DisputeId disputeId, bytes32 value, bytes32 digest, bytes32 salt) external;

    /// @notice Counts the round after its last window: a verdict, or the next round. Anybody may call.
    function decide(DisputeId disputeId) external;

    /// @notice Asks a larger panel within a window of a verdict that is not the last panel's; the value sent is added to the pot. For the
    /// contract that opened the dispute.
    function escalate(DisputeId disputeId) external payable;

    /// @notice Pays or slashes a panel member for one round of a decided dispute. Anybody may call, once for each.
    function collect(DisputeId disputeId, uint8 round, address verifier) external;

    /// @notice Ends a dispute without a verdict; its pot goes to `to`'s RewardBalances. For the contract that opened it.
    function abandon(DisputeId disputeId, address to) external;

    /// @notice The hash that `commit` takes.
    function commitmentOf(DisputeId disputeId, address verifier, bytes32 value, bytes32 digest, bytes32 salt)
        external
        pure
        returns (bytes32);

    /// @notice Whether the dispute is over for good, and whether what was claimed stands.
    function verdictOf(DisputeId disputeId) external view returns (bool isOver, bool isUpheld);

    function getDispute(DisputeId disputeId) external view returns (Dispute memory);

    function roundOf(DisputeId disputeId, uint8 round) external view returns (Round memory);

    function voteOf(DisputeId disputeId, uint8 round, address verifier) external view returns (Vote memory);
}
