// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Focus, GrantId} from "../../circle/CircleTypes.sol";

/// @title The money of OpenCircle, by quarter and focus.
/// @notice Budgets are in dollars and capped in OPEN. All budgets together are at most FUND_USD and at most what is funded, so that
/// what is committed and released never exceeds what is there, in each quarter and focus. What a grant gets in OPEN is fixed when it
/// is committed. Wei of OPEN, whole dollars, seconds.
interface ICircleFund {
    /// @param usd Dollars that grants of this quarter and focus may be worth.
    /// @param usdCommitted Dollars of the grants that were committed, less what lapsed of them.
    /// @param cap Wei that they may take.
    /// @param committed Wei that are promised and not released.
    /// @param released Wei that are paid.
    struct Budget {
        uint64 usd;
        uint64 usdCommitted;
        uint128 cap;
        uint128 committed;
        uint128 released;
    }

    event Funded(address indexed from, uint256 amount);
    event GivenBack(address indexed to, uint256 amount);
    event BudgetSet(uint32 indexed quarter, Focus indexed focus, uint64 usd, uint128 cap);
    event GrantCommitted(
        GrantId indexed grantId, uint32 indexed quarter, Focus indexed focus, uint64 usd, uint128 amount
    );
    event GrantReleased(GrantId indexed grantId, address indexed to, uint128 amount);
    event GrantFreed(GrantId indexed grantId, uint64 usd, uint128 amount);

    error NotCircle(address caller);
    error FundEmpty();
    error FundUsdExceeded(uint256 usd, uint256 most);
    /// @notice Budgets would be capped at more than what is funded.
    error CapAboveFunded(uint256 capped, uint256 funded);
    /// @notice A budget can't be less than what its grants took.
    error BudgetInUse(uint256 usdCommitted, uint256 taken);
    error BudgetUsdExceeded(uint256 usd, uint256 left);
    error BudgetCapExceeded(uint256 amount, uint256 left);
    error NotSpare(uint256 amount, uint256 spare);

    /// @notice Adds the value sent to the fund. Anybody may call.
    function fund() external payable;

    /// @notice Leaves `amount` of what no budget has to the protocol's treasury. For governance.
    function giveBack(uint256 amount) external;

    /// @notice Sets what grants of a quarter and focus may take, also of a quarter that is over. For governance.
    /// @param quarter 0 is the one in which the fund was deployed.
    function setBudget(uint32 quarter, Focus focus, uint64 usd, uint128 cap) external;

    /// @notice Promises a grant its dollars' worth of OPEN at the price of now, from this quarter's budget. For OpenCircle.
    function commit(GrantId grantId, Focus focus, uint64 usd)
        external
        returns (uint32 quarter, uint128 amount);

    /// @notice Credits a part of what is promised in RewardBalances. For OpenCircle.
    function release(GrantId grantId, uint32 quarter, Focus focus, address to, uint128 amount) external;

    /// @notice Gives back to its budget what a grant will not get. For OpenCircle.
    function free(GrantId grantId, uint32 quarter, Focus focus, uint64 usd, uint128 amount) external;

    function currentQuarter() external view returns (uint32);
    function budgetOf(uint32 quarter, Focus focus) external view returns (Budget memory);
    /// @notice Wei that came in, less what was given back.
    function funded() external view returns (uint256);
    /// @notice Wei that all budgets are capped at.
    function capped() external view returns (uint256);
    /// @notice Dollars of all budgets.
    function budgetedUsd() external view returns (uint256);
    function committed() external view returns (uint256);
    function released() external view returns (uint256);
    /// @notice Wei that this contract has to have; its balance is never less.
    function held() external view returns (uint256);
}
