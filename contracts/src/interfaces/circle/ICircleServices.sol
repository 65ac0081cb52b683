// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GrantId} from "../../circle/CircleTypes.sol";
import {Attestation} from "./IAttestations.sol";

/// @title What grants get besides money, attested by both sides.
/// @notice A resolver of the Ethereum Attestation Service with two schemas. A provider attests what it offers to a grant's payee; the payee
/// attests what was delivered of it, by a reference to the offer. Each side may sign and let another send it. No money moves here.
interface ICircleServices {
    /// @notice Technical hours, introductions to investors, go-to-market, shared resources.
    enum Kind {
        TechnicalHours,
        Investors,
        GoToMarket,
        SharedResources
    }

    event ServiceOffered(
        GrantId indexed grantId,
        address indexed provider,
        Kind kind,
        uint32 amount,
        bytes32 terms,
        bytes32 uid
    );
    event ServiceDelivered(
        GrantId indexed grantId,
        address indexed provider,
        Kind kind,
        uint32 amount,
        bytes32 evidence,
        bytes32 offer,
        bytes32 uid
    );
    event ServiceWithdrawn(GrantId indexed grantId, address indexed provider, bytes32 offer);

    error NotAttestations(address caller);
    error SchemaOther(bytes32 schema);
    error ServiceOfOtherGrant(GrantId grantId);
    error GrantNotRunning(GrantId grantId);
    error NotGrantee(address account, address payee);
    error OfferUnknown(bytes32 uid);
    error OfferExceeded(uint256 amount, uint256 left);
    error ServiceAmountZero();
    error OfferUsed(bytes32 uid);
    error AttestedForGood(bytes32 uid);

    /// @notice A new attestation. For the attestations' predeploy.
    function attest(Attestation calldata attestation) external payable returns (bool);
    function multiAttest(Attestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);
    /// @notice An offer of which nothing was delivered can be revoked, a delivery can't.
    function revoke(Attestation calldata attestation) external payable returns (bool);
    function multiRevoke(Attestation[] calldata attestations, uint256[] calldata values)
        external
        payable
        returns (bool);
    /// @notice No: attestations carry no value here.
    function isPayable() external pure returns (bool);

    /// @notice `uint256 grant, uint8 kind, uint32 amount, bytes32 terms`, by the provider for the payee. `amount`: hours, or pieces.
    function OFFERED() external view returns (bytes32);
    /// @notice `uint256 grant, uint8 kind, uint32 amount, bytes32 evidence`, by the payee for the provider.
    function DELIVERED() external view returns (bytes32);
    /// @notice How much of an offer was delivered.
    function deliveredOf(bytes32 offer) external view returns (uint256);
}
