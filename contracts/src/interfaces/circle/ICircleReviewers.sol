// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GrantId} from "../../circle/CircleTypes.sol";

/// @title Who may be drawn to judge grants.
/// @notice Governance admits a reviewer for a term; it is drawn while it has bound the whole BOND and its term lasts, and for nothing
/// that it has declared a conflict with. Seats are few, so that a draw can walk over all of them. Wei and seconds.
interface ICircleReviewers {
    /// @param seat One more than its place; 0 if it has none.
    /// @param termEnds When governance has to admit it again.
    /// @param bondedAt When the bond was last whole again.
    /// @param leftAt When it resigned or was dismissed; 0 while it serves.
    struct Reviewer {
        uint16 seat;
        uint64 termEnds;
        uint64 bondedAt;
        uint64 leftAt;
        uint128 bond;
    }

    event CircleReviewerAdmitted(address indexed reviewer, uint256 seat, uint64 termEnds);
    event CircleReviewerBonded(address indexed reviewer, uint256 amount);
    event CircleReviewerLeft(address indexed reviewer);
    event CircleReviewerDismissed(address indexed reviewer, bytes32 reason, uint256 lost);
    event CircleBondReturned(address indexed reviewer, uint256 amount);
    event CircleReviewerSlashed(address indexed reviewer, uint256 amount);
    /// @notice The reviewer judges nothing that `party` asks for or is paid by, while `declared` stands.
    event InterestDeclared(address indexed reviewer, address indexed party, bool declared);
    event ConflictDeclared(GrantId indexed grantId, address indexed reviewer, bytes32 reason);

    error NotPanels(address caller);
    error NotAdmitted(address caller);
    error TermEnded(uint256 at);
    error SeatTakenUntil(uint256 seat, uint256 until);
    error SeatUnknown(uint256 seat, uint256 most);
    error CircleBondMismatch(uint256 sent, uint256 required);
    error BondEmpty();
    error BondLeavesAt(uint256 at);
    error StillServes(address reviewer);
    error RulesEmpty();

    /// @notice Gives a reviewer a seat for a term from now on, or a serving one a new term. For governance.
    /// @param seat Of a newcomer: the next one, or one whose reviewer left, or whose term ended, as long ago as
    /// leaving takes.
    function admit(address reviewer, uint256 seat) external;

    /// @notice Takes a reviewer's whole bond, also one that waits, to the treasury, and ends its term. For governance.
    function dismiss(address reviewer, bytes32 reason) external;

    /// @notice Binds BOND, or what is missing of it; the caller is drawn from the next block on. For the admitted.
    function join() external payable;

    /// @notice The caller is drawn no more; its bond returns after EXIT_DELAY.
    function resign() external;

    /// @notice Returns to RewardBalances what has waited.
    function withdrawBond() external returns (uint256 amount);

    /// @notice Says, or takes back, that the caller has to do with `party`: applications and grants of it are judged by others.
    function declareInterest(address party, bool declared) external;

    /// @notice Says for good that the caller has to do with a grant. After a draw: `CirclePanels.recuse`.
    /// @param reason Hash of the reason's text.
    function declareConflict(GrantId grantId, bytes32 reason) external;

    /// @notice Takes what a silent reviewer loses to the treasury. For CirclePanels.
    function slash(address reviewer, uint256 amount) external returns (uint256 taken);

    /// @notice Seats, a bit each, whose reviewers may judge the grant now.
    function eligible(GrantId grantId, address applicant, address payee) external view returns (uint256 seats);

    /// @notice The reviewers by seat.
    function members() external view returns (address[] memory);
    function reviewerOf(address account) external view returns (Reviewer memory);
    function hasInterest(address reviewer, address party) external view returns (bool);
    function hasConflict(GrantId grantId, address reviewer) external view returns (bool);
    /// @notice Wei that this contract owes to reviewers; its balance is never less.
    function held() external view returns (uint256);
}
