// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Stakes of those who run inferences again and say what came out.
/// @notice A verifier's stake counts in draws of later blocks, and can be lost until it has left: the delay is longer than a
/// dispute with all its rounds. Seats are few, so that a draw can walk over all of them. Wei and seconds.
interface IVerifierPool {
    /// @param seat One more than its place among the members; 0 if it has none.
    /// @param leaving Wei that wait; they count in no draw and can be lost.
    /// @param engine Hash of the engine's version that it runs.
    /// @param key Public key that evidence is encrypted to.
    struct Verifier {
        uint32 seat;
        uint64 leavesAt;
        uint128 leaving;
        bytes32 engine;
        bytes key;
    }

    event VerifierStaked(address indexed verifier, uint256 seat, uint256 amount);
    event EngineSet(address indexed verifier, bytes32 engine, bytes key);
    event LeaveStarted(address indexed verifier, uint256 amount, uint64 leavesAt);
    event VerifierLeft(address indexed verifier, uint256 amount);
    event VerifierSlashed(address indexed verifier, uint256 amount);

    error NotDisputes(address caller);
    error StakeBelowLeast(uint256 stake, uint256 least);
    error StakeTooLarge(uint256 stake);
    error SeatTaken(uint256 seat);
    error SeatOutOfRange(uint256 seat, uint256 most);
    error KeyLength(uint256 length, uint256 most);
    error AmountZero();
    error NothingLeaving();
    error TooEarly(uint256 time);

    /// @notice Adds the value sent to the caller's stake; the whole must be at least LEAST_STAKE.
    /// @param seat Of a newcomer: the next one, or one whose member has had no stake for as long as leaving takes.
    function stake(uint256 seat) external payable;

    /// @notice Says which engine the caller runs and by which key it reads evidence, at most 128 bytes.
    function setEngine(bytes32 engine, bytes calldata key) external;

    /// @notice Takes `amount` out of later draws; it can be withdrawn after EXIT_DELAY. A second call starts the delay anew.
    function startLeaving(uint128 amount) external;

    /// @notice Moves what has waited to the caller's RewardBalances.
    function withdraw() external returns (uint256 amount);

    /// @notice Takes `amount` or what is left of a stake, the leaving part first, to the treasury. For Disputes.
    function slash(address verifier, uint256 amount) external returns (uint256 taken);

    /// @notice The members in the order of their seats, with their stakes at a time that has passed.
    function stakesAt(uint64 time) external view returns (address[] memory members, uint256[] memory stakes);

    function stakeAt(address verifier, uint64 time) external view returns (uint256);

    function verifierOf(address verifier) external view returns (Verifier memory);
}
