import ArgumentParser
import Tools

/// `deepxml-dist convert`: features and labels from one format to another.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert features and labels between file formats.",
        discussion: """
            What a file is, is told from its content: XC text (`rows columns`, then `column:value …` a row), the old one-file \
            form (`rows features labels`, then `label,label feature:value …` a row), either also as .gz, scipy's CSR .npz, \
            dense .npy, and pickles of both (read without running code). What is written, by the end of its name, or --format: \
            xc, xc.gz, one-file, one-file.gz, npz, npy, pkl, pkl-dense. Values become 32-bit floats.

            EXAMPLES
              deepxml-dist convert --from train.txt --to trn_X_Xf.txt --to-labels trn_X_Y.txt
                  the old one-file form to the new two files; rows without labels keep their features
              deepxml-dist convert --from trn_X_Xf.txt --from-labels trn_X_Y.txt --to train.txt
                  and back
              deepxml-dist convert --from X.pkl --to X.npz
                  a pickled matrix to scipy's format
              deepxml-dist convert --from trn_X_Xf.txt.gz --to dense.npy
                  packed text to a dense array
            """)

    @Option(help: ArgumentHelp("The file to read: features, or labels, or the one-file form.", valueName: "file")) var from:
        String
    @Option(help: ArgumentHelp("The labels that belong to it.", valueName: "file")) var fromLabels: String?
    @Option(help: ArgumentHelp("The file to write; replaced where it is there.", valueName: "file")) var to: String
    @Option(help: ArgumentHelp("The file to write the labels to.", valueName: "file")) var toLabels: String?
    @Option(help: "The format to write (default: by the end of the file's name).") var format: String?
    @Flag(help: "The features are token ids in the order of the text (trn_X_seq.npz): keep their order and repeats.")
    var sequences = false
    @Option(help: "Threads that read text.") var threads = 2
    @Flag(help: "Say nothing but errors.") var quiet = false

    func validate() throws {
        if threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let conversion = Conversion(
            from: from, fromLabels: fromLabels, to: to, toLabels: toLabels, format: format, areSequences: sequences,
            threads: threads)
        let lines = try conversion.run()
        if !quiet { print(lines.joined(separator: "\n")) }
    }
}
