/// The passwords of at least twelve characters that lead every list of leaked ones: a well-known word with a well-known ending, a run of
/// keys, a short piece again and again. Capitals do not make them better.
enum CommonPasswords {
    static func contain(_ password: String) -> Bool {
        let letters = password.lowercased()
        return isWordWithEnding(letters) || isRun(letters) || isRepetition(letters)
    }

    private static let words = [
        "password", "passw0rd", "p@ssw0rd", "p@ssword", "pa$$word", "pa55word", "passwort", "motdepasse", "contraseña", "parola", "senha",
        "mypassword", "yourpassword", "thepassword", "newpassword", "password1", "qwerty", "qwertz", "azerty", "qwertyuiop", "qwertzuiop",
        "azertyuiop", "asdfghjkl", "zxcvbnm", "qazwsx", "qazwsxedc", "1qaz2wsx", "1q2w3e4r", "1q2w3e4r5t", "q1w2e3r4", "zaq12wsx", "abc",
        "abcd", "abcdef", "abcdefgh", "a1b2c3d4", "iloveyou", "iloveyou1", "loveyou", "letmein", "welcome", "welcome1", "admin",
        "administrator", "administrateur", "root", "toor", "guest", "user", "default", "changeme", "changeit", "secret", "topsecret",
        "login",
        "access", "master", "superman", "batman", "spiderman", "monkey", "dragon", "football", "baseball", "basketball", "soccer", "hockey",
        "sunshine", "princess", "starwars", "pokemon", "naruto", "liverpool", "chelsea", "arsenal", "barcelona", "juventus", "michael",
        "jennifer", "jessica", "charlie", "jordan", "computer", "internet", "samsung", "google", "facebook", "microsoft", "windows",
        "whatever", "trustno1", "freedom", "summer", "winter", "spring", "autumn", "hello", "helloworld", "test", "testtest", "testing",
        "demo", "temp", "temporary", "company", "customer", "tenantry",
    ]

    /// What follows a word: nothing, a count, a year, another word; perhaps with a sign before or after it.
    private static let endings: Set<String> = {
        let counts = (1...10).map { String("1234567890".prefix($0)) }
        let years = (1980...2030).map(String.init)
        let others = ["00", "000", "0000", "11", "111", "1111", "007", "69", "666", "777", "999", "99", "321", "4321", "54321", "654321"]
        let plain = [""] + counts + years + others + words
        return Set(
            plain.flatMap { ending in
                [ending] + ["!", "!!", ".", "#", "$", "@", "*"].map { ending + $0 } + ["@", "_", "-"].map { $0 + ending }
            })
    }()

    private static func isWordWithEnding(_ letters: String) -> Bool {
        words.contains { letters.hasPrefix($0) && endings.contains(String(letters.dropFirst($0.count))) }
    }

    /// Neighbouring keys or letters, forwards or backwards, also around the corner.
    private static func isRun(_ letters: String) -> Bool {
        let backwards = String(letters.reversed())
        return runs.contains { $0.contains(letters) || $0.contains(backwards) }
    }

    private static let runs = [
        String(repeating: "1234567890", count: 4), String(repeating: "0123456789", count: 4), String(repeating: "123456789", count: 4),
        String(repeating: "abcdefghijklmnopqrstuvwxyz", count: 2), "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn", "qwertyuiop[]asdfghjkl;'zxcvbnm,./", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "a1b2c3d4e5f6g7h8i9j0", "a1s2d3f4g5h6j7k8l9", "1234567890qwertyuiop",
        "qwertyuiop1234567890",
        "1234567890-=qwertyuiop",
    ]

    /// `aaaaaaaaaaaa`, `abcabcabcabc`, `123412341234`.
    private static func isRepetition(_ letters: String) -> Bool {
        let letters = Array(letters.unicodeScalars)
        return (1...4).contains { period in
            letters.indices.dropFirst(period).allSatisfy { letters[$0] == letters[$0 - period] }
        }
    }
}
