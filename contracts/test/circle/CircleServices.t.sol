// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Focus, GrantId, Tier} from "../../src/circle/CircleTypes.sol";
import {CircleServices} from "../../src/circle/CircleServices.sol";
import {Attestation, IAttestations} from "../../src/interfaces/circle/IAttestations.sol";
import {ICircleServices} from "../../src/interfaces/circle/ICircleServices.sol";
import {Artifacts} from "../lib/Artifacts.sol";
import {CircleFixture} from "./CircleFixture.sol";

interface IRevoke {
    struct RevocationRequestData {
        bytes32 uid;
        uint256 value;
    }

    struct RevocationRequest {
        bytes32 schema;
        RevocationRequestData data;
    }

    function revoke(RevocationRequest calldata request) external payable;
}

/// @notice With the predeploys' own code.
contract CircleServicesTest is CircleFixture {
    address private constant EAS = 0x4200000000000000000000000000000000000021;
    address private constant SCHEMAS = 0x4200000000000000000000000000000000000020;
    uint8 private constant HOURS = uint8(ICircleServices.Kind.TechnicalHours);

    address private provider = address(0x9207);
    CircleServices private services;
    GrantId private grantId;

    function setUp() public {
        _deployCircle();
        _fundAll();
        vm.etch(EAS, vm.getDeployedCode(Artifacts.stock("EAS")));
        vm.etch(SCHEMAS, vm.getDeployedCode(Artifacts.stock("SchemaRegistry")));
        services = new CircleServices(circle);
        grantId = _approved(Tier.Building, Focus.WalletAgents, 100_000);
    }

    function _request(bytes32 schema, address to, bytes32 ref, bytes memory data)
        private
        view
        returns (IAttestations.AttestationRequest memory)
    {
        return IAttestations.AttestationRequest({
            schema: schema,
            data: IAttestations.AttestationRequestData({
                recipient: to,
                expirationTime: 0,
                revocable: schema == services.OFFERED(),
                refUID: ref,
                data: data,
                value: 0
            })
        });
    }

    function _offer(uint32 amount) private returns (bytes32 uid) {
        bytes memory data = abi.encode(grantId, HOURS, amount, bytes32("terms"));
        IAttestations.AttestationRequest memory request = _request(services.OFFERED(), payee, 0, data);
        vm.prank(provider);
        return IAttestations(EAS).attest(request);
    }

    function _refusedOffer(address to, bytes memory data, bytes memory reason) private {
        IAttestations.AttestationRequest memory request = _request(services.OFFERED(), to, 0, data);
        vm.expectRevert(reason);
        IAttestations(EAS).attest(request);
    }

    function _deliver(address by, address to, bytes32 offer, bytes memory data, bytes memory refused)
        private
    {
        IAttestations.AttestationRequest memory request = _request(services.DELIVERED(), to, offer, data);
        if (refused.length > 0) vm.expectRevert(refused);
        vm.prank(by);
        IAttestations(EAS).attest(request);
    }

    function _delivery(uint32 amount) private view returns (bytes memory) {
        return abi.encode(grantId, HOURS, amount, bytes32("evidence"));
    }

    function test_bothSidesAttestWhatWasDelivered() public {
        vm.expectEmit(true, true, false, false, address(services));
        emit ICircleServices.ServiceOffered(
            grantId, provider, ICircleServices.Kind.TechnicalHours, 40, "terms", 0
        );
        bytes32 offer = _offer(40);
        _deliver(payee, provider, offer, _delivery(30), "");
        vm.assertEq(services.deliveredOf(offer), 30);
        _deliver(
            payee,
            provider,
            offer,
            _delivery(11),
            abi.encodeWithSelector(ICircleServices.OfferExceeded.selector, 11, 10)
        );
        _deliver(payee, provider, offer, _delivery(10), "");
        vm.assertEq(services.deliveredOf(offer), 40);
    }

    function test_oneSideAloneSaysNothing() public {
        bytes32 offer = _offer(40);
        // The provider can't say itself that it delivered, nor can a third party.
        _deliver(
            provider,
            provider,
            offer,
            _delivery(1),
            abi.encodeWithSelector(ICircleServices.NotGrantee.selector, provider, payee)
        );
        // Nor the payee without an offer.
        _deliver(
            payee,
            provider,
            0,
            _delivery(1),
            abi.encodeWithSelector(ICircleServices.OfferUnknown.selector, bytes32(0))
        );
        bytes memory other = abi.encodeWithSelector(ICircleServices.ServiceOfOtherGrant.selector, grantId);
        _deliver(payee, address(7), offer, _delivery(1), other);
        bytes memory kind = abi.encode(grantId, uint8(ICircleServices.Kind.Investors), 1, bytes32(0));
        _deliver(payee, provider, offer, kind, other);
        bytes memory none = abi.encodeWithSelector(ICircleServices.ServiceAmountZero.selector);
        _deliver(payee, provider, offer, _delivery(0), none);
        vm.assertEq(services.deliveredOf(offer), 0);
    }

    function test_offersAreForThePayeeOfARunningGrant() public {
        bytes memory data = abi.encode(GrantId.wrap(2), HOURS, 40, bytes32(0));
        _refusedOffer(
            payee, data, abi.encodeWithSelector(ICircleServices.GrantNotRunning.selector, GrantId.wrap(2))
        );
        data = abi.encode(grantId, HOURS, 40, bytes32(0));
        _refusedOffer(
            applicant, data, abi.encodeWithSelector(ICircleServices.NotGrantee.selector, applicant, payee)
        );
        // There are four kinds.
        _refusedOffer(payee, abi.encode(grantId, 4, 40, bytes32(0)), "");
    }

    function test_anOfferIsRevokedUntilSomethingWasDelivered() public {
        bytes32 offer = _offer(40);
        bytes32 used = _offer(40);
        _deliver(payee, provider, used, _delivery(1), "");
        bytes32 schema = services.OFFERED();
        vm.startPrank(provider);
        vm.expectRevert(abi.encodeWithSelector(ICircleServices.OfferUsed.selector, used));
        IRevoke(EAS).revoke(IRevoke.RevocationRequest(schema, IRevoke.RevocationRequestData(used, 0)));
        IRevoke(EAS).revoke(IRevoke.RevocationRequest(schema, IRevoke.RevocationRequestData(offer, 0)));
        vm.stopPrank();
        _deliver(
            payee,
            provider,
            offer,
            _delivery(1),
            abi.encodeWithSelector(ICircleServices.OfferUnknown.selector, offer)
        );
    }

    function test_onlyThePredeployCalls() public {
        Attestation memory forged;
        (forged.schema, forged.attester) = (services.OFFERED(), provider);
        vm.expectRevert(abi.encodeWithSelector(ICircleServices.NotAttestations.selector, address(this)));
        services.attest(forged);
        vm.expectRevert(abi.encodeWithSelector(ICircleServices.NotAttestations.selector, address(this)));
        services.revoke(forged);
        vm.assertFalse(services.isPayable());
    }
}
