// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, IAttestations, ISchemas} from "../interfaces/circle/IAttestations.sol";
import {ICircleServices} from "../interfaces/circle/ICircleServices.sol";
import {IOpenCircle} from "../interfaces/circle/IOpenCircle.sol";
import {GrantId} from "./CircleTypes.sol";

/// @title CircleServices
/// @notice See ICircleServices.
contract CircleServices is ICircleServices {
    IAttestations public constant ATTESTATIONS = IAttestations(0x4200000000000000000000000000000000000021);
    ISchemas private constant SCHEMAS = ISchemas(0x4200000000000000000000000000000000000020);
    IOpenCircle public immutable CIRCLE;
    /// @inheritdoc ICircleServices
    bytes32 public immutable OFFERED;
    /// @inheritdoc ICircleServices
    bytes32 public immutable DELIVERED;

    /// @inheritdoc ICircleServices
    mapping(bytes32 offer => uint256 amount) public deliveredOf;

    struct Service {
        GrantId grantId;
        Kind kind;
        uint32 amount;
        bytes32 document;
    }

    constructor(IOpenCircle circle) {
        CIRCLE = circle;
        OFFERED =
            SCHEMAS.register("uint256 grant,uint8 kind,uint32 amount,bytes32 terms", address(this), true);
        DELIVERED =
            SCHEMAS.register("uint256 grant,uint8 kind,uint32 amount,bytes32 evidence", address(this), false);
    }

    modifier onlyAttestations() {
        if (msg.sender != address(ATTESTATIONS)) revert NotAttestations(msg.sender);
        _;
    }

    /// @inheritdoc ICircleServices
    function attest(Attestation calldata attestation) external payable onlyAttestations returns (bool) {
        _attest(attestation);
        return true;
    }

    /// @inheritdoc ICircleServices
    function multiAttest(Attestation[] calldata attestations, uint256[] calldata)
        external
        payable
        onlyAttestations
        returns (bool)
    {
        for (uint256 i = 0; i < attestations.length; i++) {
            _attest(attestations[i]);
        }
        return true;
    }

    /// @inheritdoc ICircleServices
    function revoke(Attestation calldata attestation) external payable onlyAttestations returns (bool) {
        _revoke(attestation);
        return true;
    }

    /// @inheritdoc ICircleServices
    function multiRevoke(Attestation[] calldata attestations, uint256[] calldata)
        external
        payable
        onlyAttestations
        returns (bool)
    {
        for (uint256 i = 0; i < attestations.length; i++) {
            _revoke(attestations[i]);
        }
        return true;
    }

    /// @inheritdoc ICircleServices
    function isPayable() external pure returns (bool) {
        return false;
    }

    function _attest(Attestation calldata attestation) private {
        Service memory service = abi.decode(attestation.data, (Service));
        if (service.amount == 0) revert ServiceAmountZero();
        if (attestation.schema == OFFERED) return _offer(attestation, service);
        if (attestation.schema != DELIVERED) revert SchemaOther(attestation.schema);
        _deliver(attestation, service);
    }

    function _offer(Attestation calldata attestation, Service memory service) private {
        IOpenCircle.Grant memory grant = CIRCLE.getGrant(service.grantId);
        if (grant.status != IOpenCircle.Status.Active && grant.status != IOpenCircle.Status.Reported) {
            revert GrantNotRunning(service.grantId);
        }
        if (attestation.recipient != grant.payee) revert NotGrantee(attestation.recipient, grant.payee);
        emit ServiceOffered(
            service.grantId,
            attestation.attester,
            service.kind,
            service.amount,
            service.document,
            attestation.uid
        );
    }

    /// @dev The offer names the payee, so nobody else can say that it was delivered.
    function _deliver(Attestation calldata attestation, Service memory service) private {
        Attestation memory offer = ATTESTATIONS.getAttestation(attestation.refUID);
        bool isGone = offer.revocationTime != 0
            || (offer.expirationTime != 0 && offer.expirationTime < block.timestamp);
        if (offer.schema != OFFERED || isGone) revert OfferUnknown(attestation.refUID);
        if (attestation.attester != offer.recipient) {
            revert NotGrantee(attestation.attester, offer.recipient);
        }
        Service memory offered = abi.decode(offer.data, (Service));
        bool isSame = GrantId.unwrap(offered.grantId) == GrantId.unwrap(service.grantId)
            && offered.kind == service.kind && attestation.recipient == offer.attester;
        if (!isSame) revert ServiceOfOtherGrant(service.grantId);
        uint256 left = offered.amount - deliveredOf[offer.uid];
        if (service.amount > left) revert OfferExceeded(service.amount, left);
        deliveredOf[offer.uid] += service.amount;
        emit ServiceDelivered(
            service.grantId,
            offer.attester,
            service.kind,
            service.amount,
            service.document,
            offer.uid,
            attestation.uid
        );
    }

    function _revoke(Attestation calldata attestation) private {
        if (attestation.schema != OFFERED) revert AttestedForGood(attestation.uid);
        if (deliveredOf[attestation.uid] != 0) revert OfferUsed(attestation.uid);
        Service memory service = abi.decode(attestation.data, (Service));
        emit ServiceWithdrawn(service.grantId, attestation.attester, attestation.uid);
    }
}
