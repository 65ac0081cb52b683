// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger, Snapshot} from "../interfaces/protocol/IAttributionLedger.sol";
import {IDatanets} from "../interfaces/protocol/IDatanets.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {Reviewers} from "./Reviewers.sol";
import {ContributionId, DatanetId} from "./Types.sol";

/// @title Datanets with their rules; what was accepted and frozen is the ledger's.
abstract contract Datanets is IDatanets {
    uint256 private constant MAX_TEXT = 1024;

    /// @notice Keeps what is accepted, skipped and frozen.
    AttributionLedger public immutable LEDGER;
    /// @notice Keeps reviewers and their bonds.
    Reviewers public immutable REVIEWERS;

    /// @dev Without what the ledger keeps of it.
    mapping(DatanetId datanetId => Datanet) private _datanets;

    constructor(AttributionLedger ledger, Reviewers reviewers) {
        (LEDGER, REVIEWERS) = (ledger, reviewers);
    }

    /// @inheritdoc IDatanets
    function create(
        string calldata name,
        string calldata licence,
        string calldata uri,
        uint128 stake,
        address[] calldata reviewers,
        uint16 quorum
    ) external returns (DatanetId datanetId) {
        if (bytes(name).length == 0 || bytes(name).length > MAX_TEXT) {
            revert TextLength(bytes(name).length);
        }
        if (bytes(licence).length == 0 || bytes(licence).length > MAX_TEXT) {
            revert TextLength(bytes(licence).length);
        }
        if (bytes(uri).length > MAX_TEXT) revert TextLength(bytes(uri).length);
        datanetId = LEDGER.open(msg.sender);
        REVIEWERS.seat(datanetId, stake, reviewers, quorum);
        Datanet storage datanet = _datanets[datanetId];
        datanet.owner = msg.sender;
        datanet.stake = stake;
        datanet.quorum = quorum;
        datanet.reviewers = uint16(reviewers.length);
        datanet.name = name;
        datanet.licence = licence;
        datanet.uri = uri;
        emit DatanetCreated(datanetId, msg.sender, name, licence, uri, stake, reviewers, quorum);
    }

    /// @inheritdoc IDatanets
    function freeze(DatanetId datanetId) external returns (uint32 number) {
        if (msg.sender != _datanet(datanetId).owner) revert NotDatanetOwner(msg.sender);
        Snapshot memory snapshot;
        (number, snapshot) = LEDGER.freeze(datanetId);
        emit SnapshotFrozen(
            datanetId, number, snapshot.root, snapshot.contributions, snapshot.rows, snapshot.skipped
        );
    }

    /// @inheritdoc IDatanets
    function datanetCount() external view returns (uint256) {
        return LEDGER.datanetCount();
    }

    /// @inheritdoc IDatanets
    function getDatanet(DatanetId datanetId) external view returns (Datanet memory datanet) {
        datanet = _datanet(datanetId);
        IAttributionLedger.Totals memory totals = LEDGER.totalsOf(datanetId);
        (datanet.accepted, datanet.snapshots) = (totals.accepted, totals.snapshots);
        (datanet.rows, datanet.skipped) = (totals.rows, totals.skipped);
    }

    /// @inheritdoc IDatanets
    function getSnapshot(DatanetId datanetId, uint32 number) external view returns (Snapshot memory) {
        return LEDGER.getSnapshot(datanetId, number);
    }

    /// @inheritdoc IDatanets
    function acceptedContributions(DatanetId datanetId, uint256 start, uint256 limit)
        external
        view
        returns (ContributionId[] memory)
    {
        return LEDGER.acceptedContributions(datanetId, start, limit);
    }

    function _datanet(DatanetId datanetId) internal view returns (Datanet storage datanet) {
        datanet = _datanets[datanetId];
        if (datanet.owner == address(0)) revert DatanetUnknown(datanetId);
    }
}
