// What op-geth's tracers say of messages on states of their own: reads the cases of node/execution/evm/tracers/geth-traces.json.gz and
// writes them again with the results of the op-geth that go.mod names.
package main

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/eth/tracers"
	"github.com/ethereum/go-ethereum/eth/tracers/logger"
	_ "github.com/ethereum/go-ethereum/eth/tracers/native"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

type account struct {
	Address string            `json:"address"`
	Balance uint64            `json:"balance"`
	Nonce   uint64            `json:"nonce"`
	Code    string            `json:"code"`
	Storage map[string]string `json:"storage"`
}

type trace struct {
	// "" for struct logs, whose settings have the names of op-geth's own type.
	Tracer string          `json:"tracer"`
	Config json.RawMessage `json:"config"`
	Result json.RawMessage `json:"result"`
}

type message struct {
	Name     string    `json:"name"`
	Accounts []account `json:"accounts"`
	From     string    `json:"from"`
	To       *string   `json:"to"`
	Data     string    `json:"data"`
	Value    uint64    `json:"value"`
	Gas      uint64    `json:"gas"`
	Traces   []trace   `json:"traces"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func unhex(text string) []byte {
	return must(hex.DecodeString(text[2:]))
}

func stateOf(accounts []account) *state.StateDB {
	db := must(state.New(types.EmptyRootHash, state.NewDatabaseForTesting()))
	for _, given := range accounts {
		address := common.HexToAddress(given.Address)
		db.CreateAccount(address)
		db.SetBalance(address, uint256.NewInt(given.Balance), tracing.BalanceChangeUnspecified)
		db.SetNonce(address, given.Nonce, tracing.NonceChangeUnspecified)
		if given.Code != "" {
			db.SetCode(address, unhex(given.Code), tracing.CodeChangeUnspecified)
		}
		for key, value := range given.Storage {
			db.SetState(address, common.HexToHash(key), common.HexToHash(value))
		}
	}
	db.Finalise(true)
	root := must(db.Commit(0, true, false))
	return must(state.New(root, db.Database()))
}

// A chain with every fork up to Jovian from its first block on.
func jovian() *params.ChainConfig {
	config := *params.MergedTestChainConfig
	config.OsakaTime, config.BPO1Time, config.BPO2Time = nil, nil, nil
	zero, denominator := uint64(0), uint64(250)
	config.BedrockBlock = new(big.Int)
	config.RegolithTime, config.CanyonTime, config.EcotoneTime, config.FjordTime = &zero, &zero, &zero, &zero
	config.GraniteTime, config.HoloceneTime, config.IsthmusTime, config.JovianTime = &zero, &zero, &zero, &zero
	config.Optimism = &params.OptimismConfig{EIP1559Elasticity: 6, EIP1559Denominator: denominator, EIP1559DenominatorCanyon: &denominator}
	return &config
}

func tracerOf(asked trace, config *params.ChainConfig) *tracers.Tracer {
	if asked.Tracer != "" {
		return must(tracers.DefaultDirectory.New(asked.Tracer, new(tracers.Context), asked.Config, config))
	}
	var settings logger.Config
	if err := json.Unmarshal(asked.Config, &settings); err != nil {
		panic(err)
	}
	logs := logger.NewStructLogger(&settings)
	return &tracers.Tracer{Hooks: logs.Hooks(), GetResult: logs.GetResult, Stop: logs.Stop}
}

func resultOf(given message, asked trace) json.RawMessage {
	db, config := stateOf(given.Accounts), jovian()
	tracer := tracerOf(asked, config)
	block := vm.BlockContext{
		CanTransfer: core.CanTransfer,
		Transfer:    core.Transfer,
		GetHash:     func(uint64) common.Hash { return common.Hash{} },
		Coinbase:    common.HexToAddress("0x4200000000000000000000000000000000000011"),
		BlockNumber: big.NewInt(1),
		Time:        1002,
		Difficulty:  new(big.Int),
		GasLimit:    30_000_000,
		BaseFee:     new(big.Int),
		BlobBaseFee: big.NewInt(1),
		Random:      new(common.Hash),
	}
	evm := vm.NewEVM(block, state.NewHookedState(db, tracer.Hooks), config, vm.Config{Tracer: tracer.Hooks, NoBaseFee: true})
	from, data, value := common.HexToAddress(given.From), unhex(given.Data), new(big.Int).SetUint64(given.Value)
	var to *common.Address
	if given.To != nil {
		address := common.HexToAddress(*given.To)
		to = &address
	}
	if tracer.OnTxStart != nil {
		tx := types.NewTx(&types.DynamicFeeTx{To: to, Gas: given.Gas, Data: data, Value: value})
		tracer.OnTxStart(evm.GetVMContext(), tx, from)
	}
	call := &core.Message{
		From: from, To: to, Value: value, GasLimit: given.Gas, Data: data,
		GasPrice: new(big.Int), GasFeeCap: new(big.Int), GasTipCap: new(big.Int),
		SkipNonceChecks: true, SkipTransactionChecks: true,
	}
	done := must(core.ApplyMessage(evm, call, new(core.GasPool).AddGas(given.Gas)))
	if tracer.OnTxEnd != nil {
		tracer.OnTxEnd(&types.Receipt{GasUsed: done.UsedGas}, nil)
	}
	return must(tracer.GetResult())
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: geth-traces CASES.json.gz RESULT.json.gz")
		os.Exit(1)
	}
	var cases []message
	packed := must(gzip.NewReader(must(os.Open(os.Args[1]))))
	if err := json.NewDecoder(packed).Decode(&cases); err != nil {
		panic(err)
	}
	for _, given := range cases {
		for i, asked := range given.Traces {
			given.Traces[i].Result = resultOf(given, asked)
		}
	}
	file := must(os.Create(os.Args[2]))
	writer := must(gzip.NewWriterLevel(file, gzip.BestCompression))
	must(writer.Write(must(json.Marshal(cases))))
	if err := writer.Close(); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
}
