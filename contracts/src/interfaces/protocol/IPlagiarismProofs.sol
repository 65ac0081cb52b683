// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowProof} from "../../protocol/RowProofs.sol";
import {ContributionId} from "../../protocol/Types.sol";

/// @title Proofs that a contribution copies earlier ones of others.
interface IPlagiarismProofs {
    event PlagiarismShown(ContributionId indexed contributionId, address indexed finder, uint256 rows);

    /// @notice Too few rows, not of this contribution in rising order, or not of an earlier one by somebody else.
    error NoPlagiarism(ContributionId contributionId);

    /// @notice Shows that more than half of an accepted contribution's rows stand in earlier contributions of others, while its
    /// stake is held. The finder has half of it where all of these were accepted before the copy, else the treasury all. Announced
    /// like every counter-example, so nobody snatches it (see IAnnouncements).
    /// @param copies Rows of this contribution, rising.
    /// @param originals The same examples in contributions of lower ids.
    /// @param salt Keeps the announcement's hash from being guessed.
    function provePlagiarism(
        ContributionId contributionId,
        RowProof[] calldata copies,
        RowProof[] calldata originals,
        bytes32 salt
    ) external;
}
