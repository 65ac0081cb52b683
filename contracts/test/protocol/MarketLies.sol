// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelId, RequestId} from "../../src/protocol/Types.sol";
import {ClaimLies} from "./ClaimLies.sol";
import {IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice The market's claims with their lies.
abstract contract MarketLies is ProtocolTest, ClaimLies {
    IndexFixture public fixture;
    ModelId public modelId;
    mapping(RequestId requestId => Lie) internal _lies;
    uint256 private _salt;

    function _claim(RequestId id) internal view returns (Claim memory claim) {
        return falsified(fixture, claimOf(modelId, id, fixture), _lies[id]);
    }

    function _counterExample(RequestId id) internal returns (bytes memory) {
        return counterExample(fixture, _claim(id), _lies[id], keccak256(abi.encode(++_salt)));
    }
}
