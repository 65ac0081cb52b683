// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

/// @title SystemConfig
/// @notice Settings of the rollup that its owner changes on L1. Every change is an event that derivation reads
///         (OP Stack specification, "System config"), so L2 follows from the L1 block that holds it.
contract SystemConfig is Initializable, Ownable {
    /// @dev The order is the event's wire format.
    enum UpdateType {
        BATCHER,
        FEE_SCALARS,
        GAS_LIMIT,
        UNSAFE_BLOCK_SIGNER,
        EIP_1559_PARAMS,
        OPERATOR_FEE_PARAMS,
        MIN_BASE_FEE,
        DA_FOOTPRINT_GAS_SCALAR
    }

    /// @notice Market of L2 gas bought by deposits; read by OptimismPortal, whose struct this is.
    struct ResourceConfig {
        uint32 maxResourceLimit;
        uint8 elasticityMultiplier;
        uint8 baseFeeMaxChangeDenominator;
        uint32 minimumBaseFee;
        uint32 systemTxMaxGas;
        uint128 maximumBaseFee;
    }

    /// @notice Contracts of this rollup on L1.
    struct Addresses {
        address l1CrossDomainMessenger;
        address l1ERC721Bridge;
        address l1StandardBridge;
        address optimismPortal;
        address optimismMintableERC20Factory;
        address batchInbox;
    }

    /// @notice Settings at the start.
    /// @param owner                Who may change them.
    /// @param batcher              Account whose transactions carry batches.
    /// @param unsafeBlockSigner    Key that signs unsafe blocks for gossip.
    /// @param gasLimit             L2 block gas limit.
    /// @param basefeeScalar        Weight of L1's base fee in the L1 fee, millionths.
    /// @param blobbasefeeScalar    Weight of L1's blob base fee in the L1 fee, millionths.
    /// @param eip1559Denominator   Base fee change denominator of L2.
    /// @param eip1559Elasticity    Elasticity of L2 blocks.
    /// @param operatorFeeScalar    Operator fee per gas, hundreds of wei.
    /// @param operatorFeeConstant  Operator fee per transaction, wei.
    /// @param minBaseFee           Floor of L2's base fee, wei.
    /// @param daFootprintGasScalar Gas per estimated byte in a block's DA footprint; 0 means the default, 400.
    struct Settings {
        address owner;
        address batcher;
        address unsafeBlockSigner;
        uint64 gasLimit;
        uint32 basefeeScalar;
        uint32 blobbasefeeScalar;
        uint32 eip1559Denominator;
        uint32 eip1559Elasticity;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint64 minBaseFee;
        uint16 daFootprintGasScalar;
    }

    /// @notice Version of the event format.
    uint256 public constant VERSION = 0;
    /// @notice Where op-node proves the unsafe block signer.
    bytes32 public constant UNSAFE_BLOCK_SIGNER_SLOT = keccak256("systemconfig.unsafeblocksigner");
    uint64 private constant MAX_GAS_LIMIT = 500_000_000;

    /// @notice Bedrock's L1 fee overhead.
    uint256 public overhead;
    /// @notice Fee scalars as one word: version 1, blobbasefeeScalar, basefeeScalar.
    uint256 public scalar;
    /// @notice The batcher's address, left-padded.
    bytes32 public batcherHash;
    uint64 public gasLimit;
    uint32 public basefeeScalar;
    uint32 public blobbasefeeScalar;
    uint32 public eip1559Denominator;
    uint32 public eip1559Elasticity;
    uint32 public operatorFeeScalar;
    uint64 public operatorFeeConstant;
    uint64 public minBaseFee;
    uint16 public daFootprintGasScalar;
    /// @notice L1 block at which this contract was initialised.
    uint256 public startBlock;
    Addresses private _addresses;

    event ConfigUpdate(uint256 indexed version, UpdateType indexed updateType, bytes data);

    error GasLimitOutOfRange(uint64 gasLimit, uint64 minimum, uint64 maximum);
    error InvalidBatcherHash(bytes32 batcherHash);
    error InvalidEip1559Params();
    error InvalidScalar(uint256 scalar);

    constructor() Ownable(address(0xdead)) {
        _disableInitializers();
    }

    /// @notice Sets everything once and announces it.
    function initialize(Settings calldata settings, Addresses calldata addresses) external initializer {
        _transferOwnership(settings.owner);
        _addresses = addresses;
        startBlock = block.number;
        _setBatcherHash(bytes32(uint256(uint160(settings.batcher))));
        _setGasConfigEcotone(settings.basefeeScalar, settings.blobbasefeeScalar);
        _setGasLimit(settings.gasLimit);
        _setUnsafeBlockSigner(settings.unsafeBlockSigner);
        _setEIP1559Params(settings.eip1559Denominator, settings.eip1559Elasticity);
        _setOperatorFeeScalars(settings.operatorFeeScalar, settings.operatorFeeConstant);
        _setMinBaseFee(settings.minBaseFee);
        _setDAFootprintGasScalar(settings.daFootprintGasScalar);
    }

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "3.11.0+openledger";
    }

    function setBatcherHash(bytes32 batcherHash_) external onlyOwner {
        _setBatcherHash(batcherHash_);
    }

    /// @notice Fee settings of forks before Ecotone; a scalar of version 0.
    function setGasConfig(uint256 overhead_, uint256 scalar_) external onlyOwner {
        if (scalar_ >> 248 != 0) revert InvalidScalar(scalar_);
        overhead = overhead_;
        scalar = scalar_;
        _announce(UpdateType.FEE_SCALARS, abi.encode(overhead_, scalar_));
    }

    function setGasConfigEcotone(uint32 basefeeScalar_, uint32 blobbasefeeScalar_) external onlyOwner {
        _setGasConfigEcotone(basefeeScalar_, blobbasefeeScalar_);
    }

    function setGasLimit(uint64 gasLimit_) external onlyOwner {
        _setGasLimit(gasLimit_);
    }

    function setUnsafeBlockSigner(address signer) external onlyOwner {
        _setUnsafeBlockSigner(signer);
    }

    function setEIP1559Params(uint32 denominator, uint32 elasticity) external onlyOwner {
        _setEIP1559Params(denominator, elasticity);
    }

    function setOperatorFeeScalars(uint32 scalar_, uint64 constant_) external onlyOwner {
        _setOperatorFeeScalars(scalar_, constant_);
    }

    function setMinBaseFee(uint64 minBaseFee_) external onlyOwner {
        _setMinBaseFee(minBaseFee_);
    }

    function setDAFootprintGasScalar(uint16 scalar_) external onlyOwner {
        _setDAFootprintGasScalar(scalar_);
    }

    /// @notice Least gas limit that leaves room for all deposits of an L1 block and the L1 attributes.
    function minimumGasLimit() public pure returns (uint64) {
        ResourceConfig memory config = resourceConfig();
        return uint64(config.maxResourceLimit) + config.systemTxMaxGas;
    }

    function maximumGasLimit() public pure returns (uint64) {
        return MAX_GAS_LIMIT;
    }

    /// @notice Market of L2 gas bought by deposits.
    function resourceConfig() public pure returns (ResourceConfig memory) {
        return ResourceConfig({
            maxResourceLimit: 20_000_000,
            elasticityMultiplier: 10,
            baseFeeMaxChangeDenominator: 8,
            minimumBaseFee: 1 gwei,
            systemTxMaxGas: 1_000_000,
            maximumBaseFee: type(uint128).max
        });
    }

    /// @notice Makes OptimismPortal, the messengers and the bridges of contracts-bedrock refuse ether: they do so when this is
    ///         not ether's address. It is not OPEN's address either, because the portal would then take OPEN itself
    ///         (`depositERC20Transaction`) and mint on L2 past the liquidity. This contract is no token, so that call reverts.
    function gasPayingToken() external view returns (address token, uint8 decimals) {
        return (address(this), 18);
    }

    function gasPayingTokenName() external pure returns (string memory) {
        return "OPEN";
    }

    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "OPEN";
    }

    function isCustomGasToken() external pure returns (bool) {
        return true;
    }

    function unsafeBlockSigner() external view returns (address) {
        return StorageSlot.getAddressSlot(UNSAFE_BLOCK_SIGNER_SLOT).value;
    }

    function l1CrossDomainMessenger() external view returns (address) {
        return _addresses.l1CrossDomainMessenger;
    }

    function l1ERC721Bridge() external view returns (address) {
        return _addresses.l1ERC721Bridge;
    }

    function l1StandardBridge() external view returns (address) {
        return _addresses.l1StandardBridge;
    }

    function optimismPortal() external view returns (address) {
        return _addresses.optimismPortal;
    }

    function optimismMintableERC20Factory() external view returns (address) {
        return _addresses.optimismMintableERC20Factory;
    }

    function batchInbox() external view returns (address) {
        return _addresses.batchInbox;
    }

    function _announce(UpdateType updateType, bytes memory data) private {
        emit ConfigUpdate(VERSION, updateType, data);
    }

    function _setBatcherHash(bytes32 batcherHash_) private {
        if (uint256(batcherHash_) >> 160 != 0) revert InvalidBatcherHash(batcherHash_);
        batcherHash = batcherHash_;
        _announce(UpdateType.BATCHER, abi.encode(batcherHash_));
    }

    function _setGasConfigEcotone(uint32 basefeeScalar_, uint32 blobbasefeeScalar_) private {
        basefeeScalar = basefeeScalar_;
        blobbasefeeScalar = blobbasefeeScalar_;
        scalar = (uint256(1) << 248) | (uint256(blobbasefeeScalar_) << 32) | basefeeScalar_;
        _announce(UpdateType.FEE_SCALARS, abi.encode(overhead, scalar));
    }

    function _setGasLimit(uint64 gasLimit_) private {
        if (gasLimit_ < minimumGasLimit() || gasLimit_ > MAX_GAS_LIMIT) {
            revert GasLimitOutOfRange(gasLimit_, minimumGasLimit(), MAX_GAS_LIMIT);
        }
        gasLimit = gasLimit_;
        _announce(UpdateType.GAS_LIMIT, abi.encode(gasLimit_));
    }

    function _setUnsafeBlockSigner(address signer) private {
        StorageSlot.getAddressSlot(UNSAFE_BLOCK_SIGNER_SLOT).value = signer;
        _announce(UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(signer));
    }

    function _setEIP1559Params(uint32 denominator, uint32 elasticity) private {
        if (denominator == 0 || elasticity == 0) revert InvalidEip1559Params();
        eip1559Denominator = denominator;
        eip1559Elasticity = elasticity;
        _announce(UpdateType.EIP_1559_PARAMS, abi.encode((uint256(denominator) << 32) | elasticity));
    }

    function _setOperatorFeeScalars(uint32 scalar_, uint64 constant_) private {
        operatorFeeScalar = scalar_;
        operatorFeeConstant = constant_;
        _announce(UpdateType.OPERATOR_FEE_PARAMS, abi.encode((uint256(scalar_) << 64) | constant_));
    }

    function _setMinBaseFee(uint64 minBaseFee_) private {
        minBaseFee = minBaseFee_;
        _announce(UpdateType.MIN_BASE_FEE, abi.encode(minBaseFee_));
    }

    function _setDAFootprintGasScalar(uint16 scalar_) private {
        daFootprintGasScalar = scalar_;
        _announce(UpdateType.DA_FOOTPRINT_GAS_SCALAR, abi.encode(scalar_));
    }
}
