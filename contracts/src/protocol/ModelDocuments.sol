// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelDocument} from "../interfaces/protocol/IModelLedger.sol";
import {IModelRegistry} from "../interfaces/protocol/IModelRegistry.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {INFLUENCE_VERIFIER, SPAN_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {SnapshotRef} from "./Types.sol";

/// @title What the document of a model must be.
abstract contract ModelDocuments is IModelRegistry {
    uint256 private constant MAX_SNAPSHOTS = 16;
    uint256 private constant MAX_NAME = 256;

    ProtocolParameters public immutable PARAMETERS;
    /// @notice Keeps the snapshots.
    AttributionLedger public immutable LEDGER;

    constructor(ProtocolParameters parameters, AttributionLedger ledger) {
        (PARAMETERS, LEDGER) = (parameters, ledger);
    }

    function _checkDocument(ModelDocument calldata document) internal view {
        uint256 length = bytes(document.name).length;
        if (length == 0 || length > MAX_NAME) revert NameLength(length);
        if (document.baseHash == 0) revert HashMissing("baseHash");
        if (document.adapterHash == 0) revert HashMissing("adapterHash");
        if (document.tokenizerHash == 0) revert HashMissing("tokenizerHash");
        if (document.methodHash == 0) revert HashMissing("methodHash");
        if (document.manifestHash == 0) revert HashMissing("manifestHash");
        INFLUENCE_VERIFIER.checkIndex(document.index);
        PARAMETERS.checkIndexBounds(document.index);
        // Gains that nobody could show false would be its host's to choose.
        if (document.index.spans != 0 && address(SPAN_VERIFIER).code.length == 0) revert SpansUnsupported();
        SnapshotRef[] calldata snapshots = document.snapshots;
        if (snapshots.length == 0 || snapshots.length > MAX_SNAPSHOTS) {
            revert SnapshotCount(snapshots.length);
        }
        uint256 rows = 0;
        for (uint256 i = 0; i < snapshots.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (snapshots[j].datanetId == snapshots[i].datanetId) {
                    revert DatanetRepeated(snapshots[i].datanetId);
                }
            }
            rows += LEDGER.getSnapshot(snapshots[i].datanetId, snapshots[i].number).rows;
        }
        if (rows != document.index.rows) revert RowCountMismatch(document.index.rows, rows);
    }
}
