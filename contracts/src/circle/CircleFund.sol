// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICircleFund} from "../interfaces/circle/ICircleFund.sol";
import {ProtocolParameters} from "../protocol/ProtocolParameters.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {CirclePrice} from "./CirclePrice.sol";
import {Focus, GrantId} from "./CircleTypes.sol";

/// @notice How often a price and budgets change, in seconds.
struct FundRules {
    uint64 quarter;
    uint64 pricePeriod;
    uint64 priceAgeMax;
}

/// @title CircleFund
/// @notice See ICircleFund. It holds money, so it can't be upgraded; governance sets budgets and the price, and moves only what no
/// budget has.
contract CircleFund is ICircleFund, CirclePrice {
    /// @notice Dollars that all budgets may be worth.
    uint64 public constant FUND_USD = 25_000_000;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    /// @notice Commits and releases.
    address public immutable CIRCLE;
    /// @notice Seconds of a quarter.
    uint64 public immutable QUARTER;
    /// @notice When quarter 0 began.
    uint64 public immutable START;

    /// @inheritdoc ICircleFund
    uint256 public funded;
    /// @inheritdoc ICircleFund
    uint256 public capped;
    /// @inheritdoc ICircleFund
    uint256 public budgetedUsd;
    /// @inheritdoc ICircleFund
    uint256 public committed;
    /// @inheritdoc ICircleFund
    uint256 public released;
    mapping(uint32 quarter => mapping(Focus focus => Budget)) private _budgets;

    error QuarterZero();

    /// @param owner_ Governance.
    /// @param price_ Millionths of a dollar for each OPEN.
    constructor(
        address owner_,
        ProtocolParameters parameters,
        RewardBalances balances,
        address circle,
        uint128 price_,
        FundRules memory rules
    ) CirclePrice(owner_, price_, rules.pricePeriod, rules.priceAgeMax) {
        if (rules.quarter == 0) revert QuarterZero();
        (PARAMETERS, BALANCES, CIRCLE) = (parameters, balances, circle);
        (QUARTER, START) = (rules.quarter, uint64(block.timestamp));
    }

    modifier onlyCircle() {
        if (msg.sender != CIRCLE) revert NotCircle(msg.sender);
        _;
    }

    /// @inheritdoc ICircleFund
    function fund() external payable {
        if (msg.value == 0) revert FundEmpty();
        funded += msg.value;
        emit Funded(msg.sender, msg.value);
    }

    /// @inheritdoc ICircleFund
    function giveBack(uint256 amount) external onlyOwner {
        uint256 spare = funded - capped;
        if (amount > spare) revert NotSpare(amount, spare);
        funded -= amount;
        address treasury = PARAMETERS.parameters().treasury;
        emit GivenBack(treasury, amount);
        BALANCES.creditFor{value: amount}(treasury, "circle", 0);
    }

    /// @inheritdoc ICircleFund
    function setBudget(uint32 quarter, Focus focus, uint64 usd, uint128 cap) external onlyOwner {
        Budget storage budget = _budgets[quarter][focus];
        uint256 taken = uint256(budget.committed) + budget.released;
        if (usd < budget.usdCommitted || cap < taken) revert BudgetInUse(budget.usdCommitted, taken);
        budgetedUsd = budgetedUsd - budget.usd + usd;
        if (budgetedUsd > FUND_USD) revert FundUsdExceeded(budgetedUsd, FUND_USD);
        capped = capped - budget.cap + cap;
        if (capped > funded) revert CapAboveFunded(capped, funded);
        (budget.usd, budget.cap) = (usd, cap);
        emit BudgetSet(quarter, focus, usd, cap);
    }

    /// @inheritdoc ICircleFund
    function commit(GrantId grantId, Focus focus, uint64 usd)
        external
        onlyCircle
        returns (uint32 quarter, uint128 amount)
    {
        quarter = currentQuarter();
        amount = SafeCast.toUint128(amountOf(usd));
        Budget storage budget = _budgets[quarter][focus];
        uint256 usdLeft = budget.usd - budget.usdCommitted;
        if (usd > usdLeft) revert BudgetUsdExceeded(usd, usdLeft);
        uint256 left = budget.cap - budget.committed - budget.released;
        if (amount > left) revert BudgetCapExceeded(amount, left);
        budget.usdCommitted += usd;
        budget.committed += amount;
        committed += amount;
        emit GrantCommitted(grantId, quarter, focus, usd, amount);
    }

    /// @inheritdoc ICircleFund
    function release(GrantId grantId, uint32 quarter, Focus focus, address to, uint128 amount)
        external
        onlyCircle
    {
        Budget storage budget = _budgets[quarter][focus];
        budget.committed -= amount;
        budget.released += amount;
        committed -= amount;
        released += amount;
        emit GrantReleased(grantId, to, amount);
        BALANCES.creditFor{value: amount}(to, "grant", GrantId.unwrap(grantId));
    }

    /// @inheritdoc ICircleFund
    function free(GrantId grantId, uint32 quarter, Focus focus, uint64 usd, uint128 amount)
        external
        onlyCircle
    {
        Budget storage budget = _budgets[quarter][focus];
        budget.usdCommitted -= usd;
        budget.committed -= amount;
        committed -= amount;
        emit GrantFreed(grantId, usd, amount);
    }

    /// @inheritdoc ICircleFund
    function budgetOf(uint32 quarter, Focus focus) external view returns (Budget memory) {
        return _budgets[quarter][focus];
    }

    /// @inheritdoc ICircleFund
    function held() external view returns (uint256) {
        return funded - released;
    }

    /// @inheritdoc ICircleFund
    function currentQuarter() public view returns (uint32) {
        return uint32((block.timestamp - START) / QUARTER);
    }
}
