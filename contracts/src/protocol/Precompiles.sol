// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInfluenceVerifier} from "../interfaces/IInfluenceVerifier.sol";
import {IRewardSplitter} from "../interfaces/IRewardSplitter.sol";
import {ISpanVerifier} from "../interfaces/ISpanVerifier.sol";

IInfluenceVerifier constant INFLUENCE_VERIFIER =
    IInfluenceVerifier(0x0000000000000000000000000000000000000a01);
ISpanVerifier constant SPAN_VERIFIER = ISpanVerifier(0x0000000000000000000000000000000000000a02);
IRewardSplitter constant REWARD_SPLITTER = IRewardSplitter(0x0000000000000000000000000000000000000a03);
