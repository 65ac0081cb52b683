// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title L2ToL1MessagePasser
/// @notice Keeps the hashes of messages to L1. Its storage root goes into every output root and, from Isthmus on, into every
///         header. Messages carry no value: the native coin is not ether.
/// @dev `sentMessages` must stay at slot 0: L1 proves messages against it.
contract L2ToL1MessagePasser {
    /// @notice Version that the nonce carries in its upper two bytes.
    uint16 public constant MESSAGE_VERSION = 1;

    /// @notice Whether a message with this hash was sent (slot 0).
    mapping(bytes32 => bool) public sentMessages;
    /// @dev Messages sent so far (slot 1).
    uint240 internal messageCount;

    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );

    /// @notice Value cannot leave L2 through a message.
    error ValueNotAllowed();

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.2.0+openledger";
    }

    /// @notice Sends a message to L1.
    /// @param target   Address to call on L1.
    /// @param gasLimit Least gas of that call.
    /// @param data     Calldata of that call.
    function initiateWithdrawal(address target, uint256 gasLimit, bytes memory data) external payable {
        if (msg.value != 0) revert ValueNotAllowed();
        uint256 nonce = messageNonce();
        bytes32 withdrawalHash = keccak256(abi.encode(nonce, msg.sender, target, uint256(0), gasLimit, data));
        sentMessages[withdrawalHash] = true;
        messageCount++;
        emit MessagePassed(nonce, msg.sender, target, 0, gasLimit, data, withdrawalHash);
    }

    /// @notice Nonce of the next message, with the version in its upper two bytes.
    function messageNonce() public view returns (uint256) {
        return (uint256(MESSAGE_VERSION) << 240) | messageCount;
    }
}
