// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What bonds, stakes and stakers' rewards leave to somebody, to be drawn by the owner.
/// @notice Contributors are not paid here: the RewardSplitter precompile credits their accounts. All amounts are wei of OPEN.
interface IRewardBalances {
    /// @notice `source` left `amount` wei to `account`.
    /// @param subject The request, dispute, contribution or model that `reason` is about; 0 if none.
    event Credited(
        address indexed account,
        address indexed source,
        bytes32 indexed reason,
        uint256 subject,
        uint256 amount
    );
    /// @notice `account` drew `amount` wei to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    error NothingToWithdraw(address account);

    /// @notice Leaves the value sent to `account`.
    /// @param account Who may draw it.
    function credit(address account) external payable;

    /// @notice The same, and says why.
    /// @param reason For an indexer.
    /// @param subject Id of what it is about.
    function creditFor(address account, bytes32 reason, uint256 subject) external payable;

    /// @notice Draws all that the caller has.
    /// @param to Where it goes; its code runs, after the balance was set to 0.
    /// @return amount Wei drawn.
    function withdraw(address payable to) external returns (uint256 amount);

    /// @notice Wei that an account can draw.
    function balanceOf(address account) external view returns (uint256);
}
