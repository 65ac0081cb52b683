// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title OperatorFeeVault
/// @notice Receives the operator fee of every transaction (Isthmus on) and pays it to one recipient on L2. Consensus credits
///         its balance directly.
/// @dev Same interface as the other fee vaults.
contract OperatorFeeVault {
    enum WithdrawalNetwork {
        L1,
        L2
    }

    /// @notice Least balance, wei, at which a withdrawal is possible.
    uint256 public immutable MIN_WITHDRAWAL_AMOUNT;
    /// @notice Receives the fees on L2.
    address public immutable RECIPIENT;
    /// @notice Wei paid out so far (slot 0).
    uint256 public totalProcessed;

    event Withdrawal(uint256 value, address to, address from);
    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    error BalanceTooLow(uint256 balance, uint256 minimum);
    error SendFailed();

    constructor(address recipient, uint256 minWithdrawalAmount) {
        RECIPIENT = recipient;
        MIN_WITHDRAWAL_AMOUNT = minWithdrawalAmount;
    }

    receive() external payable {}

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.0.0+openledger";
    }

    // solhint-disable-next-line func-name-mixedcase
    function WITHDRAWAL_NETWORK() external pure returns (WithdrawalNetwork) {
        return WithdrawalNetwork.L2;
    }

    /// @notice Pays the whole balance to the recipient; anyone may call it.
    function withdraw() external {
        uint256 value = address(this).balance;
        if (value < MIN_WITHDRAWAL_AMOUNT) revert BalanceTooLow(value, MIN_WITHDRAWAL_AMOUNT);
        totalProcessed += value;
        emit Withdrawal(value, RECIPIENT, msg.sender);
        emit Withdrawal(value, RECIPIENT, msg.sender, WithdrawalNetwork.L2);
        (bool sent,) = RECIPIENT.call{value: value}("");
        if (!sent) revert SendFailed();
    }
}
