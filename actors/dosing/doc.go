// Package dosing is the vial: the books of what it holds, the doses that change
// them, the bottles beside it, and the check of every dose against what the
// light shows. Its actor, "vial", is the only one that asks the pumps to run.
// What can be said without an actor lies beside it: the ledger's arithmetic, the
// dose check's evidence, the actions that people know.
//
// It refuses a dose that could overfill the vial, that comes twice, late or too
// often, or while waste is owed; it lets nothing flow in that is not reserved on
// the disk; and it never begins a dose again by itself.
//
//	spec, err := dosing.Spec(board, dosing.DefaultConfig())
//	c.Ask("vial", actors.Dose{MediaML: 0.5, WasteML: 0.5})
package dosing
