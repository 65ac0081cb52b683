// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FastLz} from "./FastLz.sol";
import {L1Block} from "./L1Block.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title GasPriceOracle
/// @notice What wallets ask to know the L1 data fee and the operator fee of a transaction. Amounts are wei of the native coin.
/// @dev Slot 0 holds the fork flags, one byte each, Ecotone lowest. Genesis sets them when the forks are active from block 0.
contract GasPriceOracle {
    /// @notice Decimals of the fee scalars.
    uint256 public constant DECIMALS = 6;
    /// @dev Signature and its framing, which an unsigned transaction lacks.
    uint256 private constant SIGNATURE_BYTES = 68;
    int256 private constant COST_INTERCEPT = -42_585_600;
    uint256 private constant COST_FASTLZ_COEFFICIENT = 836_500;
    uint256 private constant MIN_TRANSACTION_SIZE = 100e6;

    bool public isEcotone;
    bool public isFjord;
    bool public isIsthmus;
    bool public isJovian;

    error NotDepositor();
    /// @notice A fork flag may be set once, after the one before it.
    error WrongForkOrder();
    /// @notice The function does not exist under the active fork.
    error NotSupported();

    modifier onlyDepositor() {
        if (msg.sender != Predeploys.DEPOSITOR_ACCOUNT) revert NotDepositor();
        _;
    }

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.6.0+openledger";
    }

    function setEcotone() external onlyDepositor {
        if (isEcotone) revert WrongForkOrder();
        isEcotone = true;
    }

    function setFjord() external onlyDepositor {
        if (!isEcotone || isFjord) revert WrongForkOrder();
        isFjord = true;
    }

    function setIsthmus() external onlyDepositor {
        if (!isFjord || isIsthmus) revert WrongForkOrder();
        isIsthmus = true;
    }

    function setJovian() external onlyDepositor {
        if (!isIsthmus || isJovian) revert WrongForkOrder();
        isJovian = true;
    }

    /// @notice L1 data fee of a transaction, wei.
    /// @param unsignedTransaction Its serialized form without a signature.
    function getL1Fee(bytes memory unsignedTransaction) external view returns (uint256) {
        if (isFjord) return _fjordFee(FastLz.compressedLength(unsignedTransaction) + SIGNATURE_BYTES);
        uint256 gas = _calldataGas(unsignedTransaction);
        if (isEcotone) return gas * _weightedGasPrice() / (16 * 10 ** DECIMALS);
        return (gas + _l1Block().l1FeeOverhead()) * l1BaseFee() * _l1Block().l1FeeScalar() / 10 ** DECIMALS;
    }

    /// @notice Highest L1 data fee that a transaction of this size can have, wei: as if it did not compress.
    /// @param unsignedTransactionSize Bytes of its serialized form without a signature.
    function getL1FeeUpperBound(uint256 unsignedTransactionSize) external view returns (uint256) {
        if (!isFjord) revert NotSupported();
        uint256 size = unsignedTransactionSize + SIGNATURE_BYTES;
        return _fjordFee(size + size / 255 + 16);
    }

    /// @notice L1 gas that publishing the transaction takes, as far as fees count it.
    function getL1GasUsed(bytes memory unsignedTransaction) external view returns (uint256) {
        if (isFjord) {
            return _estimatedSize(FastLz.compressedLength(unsignedTransaction) + SIGNATURE_BYTES) * 16 / 1e6;
        }
        uint256 gas = _calldataGas(unsignedTransaction);
        return isEcotone ? gas : gas + _l1Block().l1FeeOverhead();
    }

    /// @notice Operator fee of a transaction, wei.
    /// @param gasUsed L2 gas that it uses.
    function getOperatorFee(uint256 gasUsed) external view returns (uint256) {
        if (!isIsthmus) return 0;
        uint256 scaled = gasUsed * _l1Block().operatorFeeScalar();
        return (isJovian ? scaled * 100 : scaled / 1e6) + _l1Block().operatorFeeConstant();
    }

    /// @notice Base fee of this block, wei per gas.
    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice Base fee of this block, wei per gas.
    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    function overhead() external view returns (uint256) {
        if (isEcotone) revert NotSupported();
        return _l1Block().l1FeeOverhead();
    }

    function scalar() external view returns (uint256) {
        if (isEcotone) revert NotSupported();
        return _l1Block().l1FeeScalar();
    }

    function l1BaseFee() public view returns (uint256) {
        return _l1Block().basefee();
    }

    function blobBaseFee() public view returns (uint256) {
        return _l1Block().blobBaseFee();
    }

    function baseFeeScalar() public view returns (uint32) {
        return _l1Block().baseFeeScalar();
    }

    function blobBaseFeeScalar() public view returns (uint32) {
        return _l1Block().blobBaseFeeScalar();
    }

    function decimals() external pure returns (uint256) {
        return DECIMALS;
    }

    function _l1Block() private pure returns (L1Block) {
        return L1Block(Predeploys.L1_BLOCK);
    }

    /// @dev 16 x base fee x its scalar + blob base fee x its scalar.
    function _weightedGasPrice() private view returns (uint256) {
        return 16 * l1BaseFee() * baseFeeScalar() + blobBaseFee() * blobBaseFeeScalar();
    }

    function _fjordFee(uint256 fastLzSize) private view returns (uint256) {
        return _estimatedSize(fastLzSize) * _weightedGasPrice() / 10 ** (2 * DECIMALS);
    }

    /// @dev Estimated size under the batcher's compression, in millionths of a byte.
    function _estimatedSize(uint256 fastLzSize) private pure returns (uint256) {
        int256 size = COST_INTERCEPT + int256(COST_FASTLZ_COEFFICIENT * fastLzSize);
        return size < int256(MIN_TRANSACTION_SIZE) ? MIN_TRANSACTION_SIZE : uint256(size);
    }

    function _calldataGas(bytes memory data) private pure returns (uint256 gas) {
        gas = SIGNATURE_BYTES * 16;
        for (uint256 i = 0; i < data.length; i++) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }
}
