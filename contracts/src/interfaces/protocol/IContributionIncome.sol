// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId} from "../../protocol/Types.sol";

/// @title The income of a contribution, as something that changes hands.
/// @notice Whoever is the payee when an answer is settled, a pool is drawn or a deed is rewarded gets what the contribution's rows
/// earned, whenever they earned it: what lies in a pool undrawn goes with the income. Only the income moves. The contributor remains
/// who it was: its stake returns to it, it answers for plagiarism and appeals, it can't vote on its own rows, and it alone can
/// retire them from later snapshots. Earlier snapshots, and the models over them, go on paying the payee.
interface IContributionIncome {
    /// @notice `to` is paid for the contribution from now on.
    event IncomeTransferred(ContributionId indexed contributionId, address indexed from, address indexed to);

    error NotPayee(address caller);
    /// @notice The zero address, the ledger and the datanets' registry can't draw what they would be paid.
    error PayeeInvalid(address to);

    /// @notice Gives all later payments for an accepted contribution to another account, at once. For its present payee.
    /// @param to The new payee, which can give it on; not the zero address.
    function transferIncome(ContributionId contributionId, address to) external;

    /// @notice Who is paid for a contribution now: its contributor, unless the income was transferred.
    function payeeOf(ContributionId contributionId) external view returns (address);
}
