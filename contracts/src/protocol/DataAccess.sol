// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Snapshot} from "../interfaces/protocol/IAttributionLedger.sol";
import {AccessTerms, IDataAccess} from "../interfaces/protocol/IDataAccess.sol";
import {Curation} from "./Curation.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {SnapshotPools} from "./SnapshotPools.sol";
import {BPS, DatanetId, SnapshotRef} from "./Types.sol";

/// @title Access to datanets for training.
/// @notice See IDataAccess. It keeps no money.
contract DataAccess is IDataAccess {
    /// @notice Largest royalty of a snapshot, and part of the price for reviewers, in 1/10000.
    uint16 public constant ROYALTY_MAX = 1_000;
    uint16 public constant CURATION_MAX = 5_000;
    uint256 private constant MAX_LICENCE = 1024;

    ProtocolParameters public immutable PARAMETERS;
    AttributionLedger public immutable LEDGER;
    SnapshotPools public immutable POOLS;
    Curation public immutable CURATION;
    /// @notice The ledger of models, which admits them.
    address public immutable MODELS;

    mapping(DatanetId datanetId => AccessTerms) private _terms;
    mapping(DatanetId datanetId => mapping(uint32 number => mapping(address buyer => Sale))) private _sales;

    constructor(
        ProtocolParameters parameters,
        AttributionLedger ledger,
        SnapshotPools pools,
        Curation curation,
        address models
    ) {
        (PARAMETERS, LEDGER, POOLS, CURATION, MODELS) = (parameters, ledger, pools, curation, models);
    }

    /// @inheritdoc IDataAccess
    function setAccess(DatanetId datanetId, AccessTerms calldata terms, string calldata licence) external {
        if (msg.sender != LEDGER.ownerOf(datanetId)) revert NotAccessOwner(msg.sender);
        uint256 most = PARAMETERS.AMOUNT_MAX();
        _within("perSnapshot", terms.perSnapshot, most);
        _within("perRow", terms.perRow, most);
        _within("royaltyBps", terms.royaltyBps, ROYALTY_MAX);
        _within("curationBps", terms.curationBps, CURATION_MAX);
        uint256 length = bytes(licence).length;
        if (length > MAX_LICENCE) revert LicenceLength(length);
        bytes32 hash = length == 0 ? bytes32(0) : keccak256(bytes(licence));
        if (terms.licence != hash) revert LicenceMismatch(terms.licence, hash);
        _terms[datanetId] = terms;
        emit AccessTermsSet(datanetId, terms, licence);
    }

    /// @inheritdoc IDataAccess
    function buy(DatanetId datanetId, uint32 number, AccessTerms calldata expected) external payable {
        if (keccak256(abi.encode(expected)) != keccak256(abi.encode(_terms[datanetId]))) {
            revert AccessTermsChanged(datanetId);
        }
        if (_sales[datanetId][number][msg.sender].soldAt != 0) {
            revert AccessHeld(datanetId, number, msg.sender);
        }
        uint256 price = priceOf(datanetId, number);
        if (msg.value != price) revert AccessPriceMismatch(msg.value, price);
        _sell(datanetId, number, msg.sender, price);
    }

    /// @inheritdoc IDataAccess
    function admit(address buyer, SnapshotRef[] calldata snapshots)
        external
        payable
        returns (uint16[] memory royalties)
    {
        if (msg.sender != MODELS) revert NotModels(msg.sender);
        uint256 fee = feeOf(buyer, snapshots);
        if (msg.value != fee) revert AccessPriceMismatch(msg.value, fee);
        royalties = new uint16[](snapshots.length);
        for (uint256 i = 0; i < snapshots.length; i++) {
            (DatanetId datanetId, uint32 number) = (snapshots[i].datanetId, snapshots[i].number);
            Sale storage sale = _sales[datanetId][number][buyer];
            if (sale.soldAt == 0) _admit(datanetId, number, buyer);
            royalties[i] = sale.royaltyBps;
        }
    }

    /// @inheritdoc IDataAccess
    function feeOf(address buyer, SnapshotRef[] calldata snapshots) public view returns (uint256 fee) {
        for (uint256 i = 0; i < snapshots.length; i++) {
            (DatanetId datanetId, uint32 number) = (snapshots[i].datanetId, snapshots[i].number);
            if (_sales[datanetId][number][buyer].soldAt == 0) fee += priceOf(datanetId, number);
        }
    }

    /// @inheritdoc IDataAccess
    function priceOf(DatanetId datanetId, uint32 number) public view returns (uint256) {
        AccessTerms storage terms = _terms[datanetId];
        uint256 price = terms.perSnapshot;
        if (terms.perRow == 0) return price;
        Snapshot memory snapshot = LEDGER.getSnapshot(datanetId, number);
        return price + uint256(terms.perRow) * (snapshot.rows - snapshot.skipped);
    }

    /// @inheritdoc IDataAccess
    function accessOf(DatanetId datanetId) external view returns (AccessTerms memory) {
        return _terms[datanetId];
    }

    /// @inheritdoc IDataAccess
    function saleOf(DatanetId datanetId, uint32 number, address buyer) external view returns (Sale memory) {
        return _sales[datanetId][number][buyer];
    }

    /// @dev What is free by all its terms needs no sale.
    function _admit(DatanetId datanetId, uint32 number, address buyer) private {
        AccessTerms storage terms = _terms[datanetId];
        if (terms.closed) revert AccessClosed(datanetId);
        uint256 price = priceOf(datanetId, number);
        if (price > 0 || terms.royaltyBps > 0) _sell(datanetId, number, buyer, price);
    }

    function _sell(DatanetId datanetId, uint32 number, address buyer, uint256 price) private {
        AccessTerms memory terms = _terms[datanetId];
        if (terms.closed) revert AccessClosed(datanetId);
        LEDGER.getSnapshot(datanetId, number);
        _sales[datanetId][number][buyer] = Sale(uint64(block.timestamp), terms.royaltyBps, terms.licence);
        // Where no vote was counted yet, the contributors have all of it.
        uint256 curation = CURATION.poolOf(datanetId).shares == 0 ? 0 : (price * terms.curationBps) / BPS;
        emit AccessSold(datanetId, number, buyer, price, curation, terms.royaltyBps, terms.licence);
        if (curation > 0) CURATION.fund{value: curation}(datanetId);
        if (price > curation) POOLS.fund{value: price - curation}(datanetId, number, "access");
    }

    function _within(bytes32 field, uint256 value, uint256 most) private pure {
        if (value > most) revert AccessTermOutOfRange(field, value, most);
    }
}
