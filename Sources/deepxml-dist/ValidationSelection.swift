import ArgumentParser
import Config

/// Options that `train` and `merge` share beside `--validation` and `--tune`: what is chosen on documents that are held out.
struct ValidationSelection: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --validation: another seed holds out other documents, whatever --seeds are. (default: 0)", valueName: "number"))
    var validationSeed: UInt64?

    @Option(
        help: ArgumentHelp(
            """
            With --validation: which epoch's model is kept: last, best (by P@1), or best:METRIC, such as best:nDCG@5. (default: last, \
            or best with --patience)
            """, valueName: "epoch"))
    var keep: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --validation: end a module when so many validations have brought nothing better.", valueName: "count"))
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            """
            What --tune maximises: P@1, or such as nDCG@5 or PSP@3; several joined by +, such as P@1+PSP@1, for their harmonic mean. \
            (default: P@1)
            """, valueName: "metric"))
    var tuneMetric: String?

    /// The options, and whether they are given.
    var given: [(String, Bool)] {
        [
            ("--validation-seed", validationSeed != nil), ("--keep", keep != nil), ("--patience", patience != nil),
            ("--tune-metric", tuneMetric != nil),
        ]
    }

    /// - Parameter tune: `all`, or names of settings; nil: nothing is tuned.
    func write(to arguments: inout TrainArguments, validation: String?, tune: String?) {
        arguments.validation = validation
        arguments.validationSeed = validationSeed
        arguments.keep = keep
        arguments.patience = patience
        arguments.tune = tune
        arguments.tuneMetric = tuneMetric
    }
}
