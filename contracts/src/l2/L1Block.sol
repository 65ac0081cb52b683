// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Predeploys} from "./Predeploys.sol";

interface IGasTokenNames {
    function gasPayingTokenName() external view returns (string memory);
    function gasPayingTokenSymbol() external view returns (string memory);
}

/// @title L1Block
/// @notice What L2 knows of L1: written by the first transaction of every block, read by contracts and by consensus.
/// @dev The fee rules read these slots directly (OP Stack specification, "L1 attributes"); their order and packing must not
///      change. The packed setters take raw calldata, big endian, without ABI padding.
contract L1Block {
    /// @notice Number of the L1 origin (slot 0, low 8 bytes).
    uint64 public number;
    /// @notice Timestamp of the L1 origin, seconds (slot 0).
    uint64 public timestamp;
    /// @notice Base fee of the L1 origin, wei per gas (slot 1).
    uint256 public basefee;
    /// @notice Hash of the L1 origin (slot 2).
    bytes32 public hash;
    /// @notice Position of this L2 block within its epoch (slot 3, low 8 bytes).
    uint64 public sequenceNumber;
    /// @notice Weight of the L1 blob base fee in the L1 fee, in millionths (slot 3).
    uint32 public blobBaseFeeScalar;
    /// @notice Weight of the L1 base fee in the L1 fee, in millionths (slot 3).
    uint32 public baseFeeScalar;
    /// @notice The batcher's address, left-padded (slot 4).
    bytes32 public batcherHash;
    /// @notice Bedrock's L1 fee overhead (slot 5).
    uint256 public l1FeeOverhead;
    /// @notice Bedrock's L1 fee scalar (slot 6).
    uint256 public l1FeeScalar;
    /// @notice Blob base fee of the L1 origin, wei per blob gas (slot 7).
    uint256 public blobBaseFee;
    /// @notice Constant part of the operator fee, wei (slot 8, low 8 bytes).
    uint64 public operatorFeeConstant;
    /// @notice Operator fee per gas: millionths of a wei before Jovian, hundreds of wei from Jovian on (slot 8).
    uint32 public operatorFeeScalar;
    /// @notice Gas per byte of estimated compressed transaction size in a block's DA footprint (slot 8).
    uint16 public daFootprintGasScalar;

    /// @notice The caller is not the depositor account.
    error NotDepositor();

    modifier onlyDepositor() {
        if (msg.sender != Predeploys.DEPOSITOR_ACCOUNT) revert NotDepositor();
        _;
    }

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.8.0+openledger";
    }

    /// @notice The only account that may write here.
    // solhint-disable-next-line func-name-mixedcase
    function DEPOSITOR_ACCOUNT() external pure returns (address) {
        return Predeploys.DEPOSITOR_ACCOUNT;
    }

    /// @notice The native coin is not ether: messengers and bridges refuse value.
    function isCustomGasToken() external pure returns (bool) {
        return true;
    }

    /// @notice The native coin as an ERC-20 on L2 (its wrapper) and its decimals.
    function gasPayingToken() external pure returns (address token, uint8 decimals) {
        return (Predeploys.WETH, 18);
    }

    /// @notice Name of the native coin.
    function gasPayingTokenName() external view returns (string memory) {
        return IGasTokenNames(Predeploys.LIQUIDITY_CONTROLLER).gasPayingTokenName();
    }

    /// @notice Symbol of the native coin.
    function gasPayingTokenSymbol() external view returns (string memory) {
        return IGasTokenNames(Predeploys.LIQUIDITY_CONTROLLER).gasPayingTokenSymbol();
    }

    /// @notice Bedrock's layout: eight ABI words.
    function setL1BlockValues(
        uint64 number_,
        uint64 timestamp_,
        uint256 basefee_,
        bytes32 hash_,
        uint64 sequenceNumber_,
        bytes32 batcherHash_,
        uint256 l1FeeOverhead_,
        uint256 l1FeeScalar_
    ) external onlyDepositor {
        number = number_;
        timestamp = timestamp_;
        basefee = basefee_;
        hash = hash_;
        sequenceNumber = sequenceNumber_;
        batcherHash = batcherHash_;
        l1FeeOverhead = l1FeeOverhead_;
        l1FeeScalar = l1FeeScalar_;
    }

    /// @notice Ecotone's layout, 164 bytes of calldata: selector, baseFeeScalar u32, blobBaseFeeScalar u32, sequenceNumber
    ///         u64, timestamp u64, number u64, basefee u256, blobBaseFee u256, hash, batcherHash.
    function setL1BlockValuesEcotone() external onlyDepositor {
        _setEcotone();
    }

    /// @notice Isthmus's layout, 176 bytes: Ecotone's, then operatorFeeScalar u32 and operatorFeeConstant u64.
    function setL1BlockValuesIsthmus() external onlyDepositor {
        _setEcotone();
        assembly ("memory-safe") {
            sstore(operatorFeeConstant.slot, shr(160, calldataload(164)))
        }
    }

    /// @notice Jovian's layout, 178 bytes: Isthmus's, then daFootprintGasScalar u16.
    function setL1BlockValuesJovian() external onlyDepositor {
        _setEcotone();
        assembly ("memory-safe") {
            let operatorFee := shr(160, calldataload(164))
            let daScalar := shr(240, calldataload(176))
            sstore(operatorFeeConstant.slot, or(shl(96, daScalar), operatorFee))
        }
    }

    function _setEcotone() private {
        assembly ("memory-safe") {
            sstore(sequenceNumber.slot, shr(128, calldataload(4)))
            sstore(number.slot, shr(128, calldataload(20)))
            sstore(basefee.slot, calldataload(36))
            sstore(blobBaseFee.slot, calldataload(68))
            sstore(hash.slot, calldataload(100))
            sstore(batcherHash.slot, calldataload(132))
        }
    }
}
