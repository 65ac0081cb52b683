// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IRewardBalances} from "../interfaces/protocol/IRewardBalances.sol";
import {IStakedOpen} from "../interfaces/governance/IStakedOpen.sol";

/// @title FeeTreasury
/// @notice Takes the platform's fees: a part is streamed to staked OPEN, the rest waits for what governance decides. Wei.
contract FeeTreasury is Ownable {
    uint16 private constant BPS = 10_000;
    IRewardBalances public immutable BALANCES;
    IStakedOpen public immutable STAKED;
    /// @notice Part of the fees that goes to staked OPEN, in parts of 10,000.
    uint16 public stakersBps;
    /// @notice Wei that `collect` has counted, that stakers don't get, and that nobody has spent.
    uint256 public rest;

    event FeesCollected(uint256 amount, uint256 toStakers);
    event StakersPartSet(uint16 stakersBps);
    event Spent(address indexed to, uint256 amount);

    error PartTooLarge(uint16 stakersBps);
    error NotBalances(address sender);
    error NothingToCollect();
    error AboveRest(uint256 amount, uint256 rest);

    /// @param owner_ The timelock of the parameters.
    constructor(address owner_, IRewardBalances balances, IStakedOpen staked, uint16 stakersBps_)
        Ownable(owner_)
    {
        (BALANCES, STAKED) = (balances, staked);
        _setStakersBps(stakersBps_);
    }

    receive() external payable {
        if (msg.sender != address(BALANCES)) revert NotBalances(msg.sender);
    }

    /// @notice Anybody: draws the fees that wait, and streams the stakers' part of all that came in since. Settled answers pay without a
    /// call, so that what they brought is only seen by the balance.
    function collect() external {
        if (BALANCES.balanceOf(address(this)) > 0) BALANCES.withdraw(payable(address(this)));
        uint256 amount = address(this).balance - rest;
        if (amount == 0) revert NothingToCollect();
        uint256 toStakers = amount * stakersBps / BPS;
        rest += amount - toStakers;
        if (toStakers > 0) STAKED.fund{value: toStakers}();
        emit FeesCollected(amount, toStakers);
    }

    /// @notice Leaves some of the rest to `to` in RewardBalances.
    function spend(address to, uint256 amount) external onlyOwner {
        if (amount > rest) revert AboveRest(amount, rest);
        rest -= amount;
        BALANCES.credit{value: amount}(to);
        emit Spent(to, amount);
    }

    function setStakersBps(uint16 next) external onlyOwner {
        _setStakersBps(next);
    }

    function _setStakersBps(uint16 next) private {
        if (next > BPS) revert PartTooLarge(next);
        stakersBps = next;
        emit StakersPartSet(next);
    }
}
