// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {BPS} from "../protocol/Types.sol";

/// @title CirclePrice
/// @notice What an OPEN is worth, as governance says: one bounded step in a period at most, so that one vote can't empty a budget; an
/// old price stops what needs one. Millionths of a dollar for each OPEN.
abstract contract CirclePrice is Ownable {
    /// @notice Largest step, in parts of 10,000 of the price before.
    uint16 public constant PRICE_STEP_BPS = 2_500;
    /// @dev Wei of an OPEN by millionths of a dollar.
    uint256 private constant SCALE = 10 ** 24;

    /// @notice Seconds between two steps, at least.
    uint64 public immutable PRICE_PERIOD;
    /// @notice Seconds until a price is too old.
    uint64 public immutable PRICE_AGE_MAX;

    uint128 public price;
    uint64 public pricedAt;

    event PriceSet(uint128 price);

    error PriceZero();
    error PricePeriods(uint64 period, uint64 ageMax);
    error PriceTooSoon(uint256 from);
    error PriceStepTooLarge(uint256 price, uint256 least, uint256 most);
    error PriceTooOld(uint256 until);

    /// @param owner_ Governance.
    constructor(address owner_, uint128 price_, uint64 period, uint64 ageMax) Ownable(owner_) {
        if (price_ == 0) revert PriceZero();
        if (period == 0 || ageMax < period) revert PricePeriods(period, ageMax);
        (PRICE_PERIOD, PRICE_AGE_MAX) = (period, ageMax);
        _setPrice(price_);
    }

    /// @notice Sets the price, or says that it is still right. For governance.
    function setPrice(uint128 next) external onlyOwner {
        uint256 from = uint256(pricedAt) + PRICE_PERIOD;
        if (block.timestamp < from) revert PriceTooSoon(from);
        uint256 step = uint256(price) * PRICE_STEP_BPS / BPS;
        if (next < price - step || next > price + step) {
            revert PriceStepTooLarge(next, price - step, price + step);
        }
        _setPrice(next);
    }

    /// @notice Wei that so many dollars are worth now, rounded down; reverts with PriceTooOld if nobody has said so lately.
    function amountOf(uint64 usd) public view returns (uint256) {
        uint256 until = uint256(pricedAt) + PRICE_AGE_MAX;
        if (block.timestamp > until) revert PriceTooOld(until);
        return usd * SCALE / price;
    }

    function _setPrice(uint128 next) private {
        (price, pricedAt) = (next, uint64(block.timestamp));
        emit PriceSet(next);
    }
}
