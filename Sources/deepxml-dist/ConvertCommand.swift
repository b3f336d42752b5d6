import ArgumentParser
import Coordinator
import Support
import Tools

/// `deepxml-dist convert`: features and labels from one format to another.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert features and labels between file formats.",
        discussion: """
            The format of an input file is detected from its content: XC text (`rows columns`, then one line of \
            `column:value …` per row), the old one-file form (`rows features labels`, then one line of \
            `label,label feature:value …` per row), either of them gzip-compressed, SciPy's CSR .npz, dense .npy, and pickles \
            of sparse or dense matrices (read without running any code). The output format follows from the file's extension, \
            or is named with --format: xc, xc.gz, one-file, one-file.gz, npz, npy, pkl, pkl-dense. Values are stored as 32-bit \
            floats.

            EXAMPLES
              deepxml-dist convert --from train.txt --to trn_X_Xf.txt --to-labels trn_X_Y.txt
                  split the old one-file form into two files; rows without labels keep their features
              deepxml-dist convert --from trn_X_Xf.txt --from-labels trn_X_Y.txt --to train.txt
                  join the two files again
              deepxml-dist convert --from X.pkl --to X.npz
                  convert a pickled matrix to SciPy's format
              deepxml-dist convert --from trn_X_Xf.txt.gz --to dense.npy
                  convert compressed text to a dense array
            """)

    @Option(
        help: ArgumentHelp("File to read: features, labels, or both in the one-file form.", valueName: "file"),
        completion: .file())
    var from: String
    @Option(help: ArgumentHelp("File that holds the labels of the same rows.", valueName: "file"), completion: .file())
    var fromLabels: String?
    @Option(help: ArgumentHelp("File to write; an existing file is replaced.", valueName: "file"), completion: .file())
    var to: String
    @Option(help: ArgumentHelp("File to write the labels to.", valueName: "file"), completion: .file()) var toLabels: String?
    @Option(help: "Output format. (default: from the file's extension)") var format: String?
    @Flag(help: "The features are token ids in text order (trn_X_seq.npz): keep their order and repetitions.")
    var sequences = false
    @Option(parsing: .unconditional, help: "Threads for reading text.") var threads = 2
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false

    func validate() throws {
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: ["--from": from, "--from-labels": fromLabels, "--to": to, "--to-labels": toLabels])
    }

    func run() throws {
        let conversion = Conversion(
            from: from, fromLabels: fromLabels, to: to, toLabels: toLabels, format: format, areSequences: sequences,
            threads: threads)
        let lines = try CommandProgress("converting", quiet: quiet).shown(conversion.run)
        if !quiet { try StandardOutput.print(lines.joined(separator: "\n")) }
    }
}
