// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "./AttributionLedger.sol";
import {ContributionStakes} from "./ContributionStakes.sol";
import {Contributions} from "./Contributions.sol";
import {ContributionVotes} from "./ContributionVotes.sol";
import {Datanets} from "./Datanets.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {Reviewers} from "./Reviewers.sol";
import {UpgradeableRegistry} from "./UpgradeableRegistry.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice See IDatanetRegistry. Its code can be upgraded (see UpgradeableRegistry).
/// @custom:storage-location erc7201:openledger.DatanetRegistry
contract DatanetRegistry layout at erc7201("openledger.DatanetRegistry")
    is
    UpgradeableRegistry,
    ContributionVotes
{
    constructor(
        ProtocolParameters parameters,
        AttributionLedger ledger,
        Reviewers reviewers,
        ContributionStakes stakes,
        address plagiarism
    ) Datanets(ledger, reviewers) Contributions(parameters, stakes) ContributionVotes(plagiarism) {}
}
