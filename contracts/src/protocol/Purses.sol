// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IPurses} from "../interfaces/protocol/IPurses.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Prepaid OPEN of payers, each part of it for one host.
/// @notice See IPurses.
abstract contract Purses is IPurses, EIP712 {
    bytes32 private constant VOUCHER_TYPE =
        keccak256("Voucher(address payer,address host,uint128 cumulative,uint64 validUntil)");

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    /// @notice Seconds until a purse returns, at least the sequencing window.
    uint64 public immutable DELAY;

    /// @inheritdoc IPurses
    uint256 public held;
    mapping(address payer => mapping(address host => Purse)) private _purses;

    constructor(ProtocolParameters parameters, RewardBalances balances, uint64 delay)
        EIP712("OpenLedger purses", "1")
    {
        uint256 least = parameters.LEAST_WINDOW();
        if (delay < least) revert WithdrawDelay(delay, least);
        (PARAMETERS, BALANCES, DELAY) = (parameters, balances, delay);
    }

    /// @inheritdoc IPurses
    function fill(address payer, address host) external payable {
        if (msg.value == 0) revert NothingToFill();
        Purse storage purse = _purses[payer][host];
        uint256 amount = purse.balance + msg.value;
        if (amount > type(uint120).max) revert PurseTooLarge(amount);
        purse.balance = uint128(amount);
        held += msg.value;
        emit PurseFilled(payer, host, msg.value);
    }

    /// @inheritdoc IPurses
    function startWithdraw(address host, uint128 amount) external {
        Purse storage purse = _purses[msg.sender][host];
        if (amount > purse.balance) revert LeavingAbovePurse(amount, purse.balance);
        (purse.leaving, purse.leavesAt) = (amount, uint64(block.timestamp) + DELAY);
        emit PurseLeaving(msg.sender, host, amount, purse.leavesAt);
    }

    /// @inheritdoc IPurses
    function withdraw(address payer, address host) external {
        Purse storage purse = _purses[payer][host];
        if (purse.leaving == 0) revert LeavingAbovePurse(0, purse.balance);
        if (block.timestamp <= purse.leavesAt) revert PurseStays(purse.leavesAt);
        uint128 amount = purse.leaving < purse.balance ? purse.leaving : purse.balance;
        (purse.leaving, purse.balance) = (0, purse.balance - amount);
        emit PurseReturned(payer, host, amount);
        _credit(payer, amount, "purse", uint256(uint160(host)));
    }

    /// @inheritdoc IPurses
    function purseOf(address payer, address host) external view returns (Purse memory) {
        return _purses[payer][host];
    }

    /// @inheritdoc IPurses
    function digestOf(Voucher memory voucher) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(VOUCHER_TYPE, voucher.payer, voucher.host, voucher.cumulative, voucher.validUntil)
            )
        );
    }

    /// @dev Takes `amount` by a voucher of the payer for the calling host.
    function _spend(Voucher memory voucher, bytes calldata signature, uint256 amount) internal {
        (address payer, uint128 cumulative) = (voucher.payer, voucher.cumulative);
        Purse storage purse = _purses[payer][voucher.host];
        if (block.timestamp > voucher.validUntil) revert VoucherTooOld(payer, voucher.validUntil);
        if (amount > purse.balance) revert VoucherAbovePurse(payer, amount, purse.balance);
        if (purse.spent + amount > cumulative) {
            revert VoucherTooSmall(payer, cumulative, purse.spent + amount);
        }
        if (!SignatureChecker.isValidSignatureNowCalldata(payer, digestOf(voucher), signature)) {
            revert VoucherSignature(payer);
        }
        (purse.spent, purse.balance) = (purse.spent + uint128(amount), purse.balance - uint128(amount));
        emit PurseSpent(payer, voucher.host, amount, purse.spent);
    }

    /// @dev What a host took wrongly is the payer's again; a voucher that it used is not worth more by that.
    function _giveBack(address payer, address host, uint256 amount) internal {
        _purses[payer][host].balance += uint128(amount);
        emit PurseFilled(payer, host, amount);
    }

    /// @dev Moves what this contract held to an account's balance.
    function _credit(address to, uint256 amount, bytes32 reason, uint256 subject) internal {
        if (amount == 0) return;
        held -= amount;
        BALANCES.creditFor{value: amount}(to, reason, subject);
    }

    function _take(uint256 amount) internal {
        held += amount;
    }

    function _pay(uint256 amount) internal {
        held -= amount;
    }
}
