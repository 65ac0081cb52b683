// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../interfaces/protocol/IAttributionLedger.sol";
import {MerkleFrontier} from "./MerkleFrontier.sol";
import {ContributionId} from "./Types.sol";

/// @notice A training example at its place in an accepted contribution.
/// @param exampleHash Leaf of the contribution's rows.
/// @param path Sibling hashes, bottom up, ceil(log2(rows)) of them.
struct RowProof {
    ContributionId contributionId;
    uint32 row;
    bytes32 exampleHash;
    bytes32[] path;
}

/// @title Examples shown by their paths to the rows' root that the ledger holds.
library RowProofs {
    error ContributionNotAccepted(ContributionId contributionId);
    error RowOutOfContribution(uint32 row, uint32 rows);
    /// @notice The path does not lead to the contribution's root.
    error RowNotThere(ContributionId contributionId, uint32 row);

    /// @notice Reverts unless the example stands there; returns the contribution's entry.
    function check(IAttributionLedger ledger, RowProof calldata shown)
        internal
        view
        returns (IAttributionLedger.Entry memory entry)
    {
        entry = ledger.entryOf(shown.contributionId);
        if (entry.contributor == address(0)) revert ContributionNotAccepted(shown.contributionId);
        if (shown.row >= entry.rowCount) {
            revert RowOutOfContribution(shown.row, entry.rowCount);
        }
        bytes32 root = MerkleFrontier.rootOf(shown.exampleHash, shown.row, entry.rowCount, shown.path);
        if (root != entry.rowsRoot) revert RowNotThere(shown.contributionId, shown.row);
    }

    /// @notice Who was first has the lower id, and the lower row of the same contribution.
    function isEarlier(RowProof calldata a, RowProof calldata b) internal pure returns (bool) {
        return a.contributionId < b.contributionId || (a.contributionId == b.contributionId && a.row < b.row);
    }
}
