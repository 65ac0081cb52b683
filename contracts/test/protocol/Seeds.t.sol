// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISeeds} from "../../src/interfaces/protocol/ISeeds.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract SeedsTest is ProtocolTest {
    function setUp() public {
        deployProtocol();
    }

    /// @dev RLP of a list of one field: all that a parent's hash is read from.
    function header(bytes32 parent) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"e1a0", parent);
    }

    function test_an_unrecorded_block_is_reached_by_headers() public {
        bytes32 first = keccak256("first");
        bytes[] memory headers = new bytes[](2);
        headers[1] = header(first);
        headers[0] = header(keccak256(headers[1]));
        setOrigin(1009);
        vm.store(0x4200000000000000000000000000000000000015, bytes32(uint256(2)), keccak256(headers[0]));
        vm.assertEq(seeds.record(), 1009);
        seeds.reach(1009, headers);
        vm.assertEq(seeds.hashOf(1008), keccak256(headers[1]));
        vm.assertEq(seeds.hashOf(1007), first);
        vm.expectRevert(abi.encodeWithSelector(ISeeds.SeedMissing.selector, 1006));
        seeds.hashOf(1006);
        headers[1] = header(keccak256("forged"));
        vm.expectRevert(
            abi.encodeWithSelector(
                ISeeds.HeaderMismatch.selector, 1008, seeds.hashOf(1008), keccak256(headers[1])
            )
        );
        seeds.reach(1009, headers);
    }

    function test_the_block_of_a_draw_lies_ahead() public {
        vm.assertEq(seeds.next(), 1003);
        vm.expectRevert(abi.encodeWithSelector(ISeeds.SeedMissing.selector, 1003));
        seeds.hashOf(1003);
        vm.expectRevert(abi.encodeWithSelector(ISeeds.HeaderCount.selector, 0, 256));
        seeds.reach(1003, new bytes[](0));
    }
}
