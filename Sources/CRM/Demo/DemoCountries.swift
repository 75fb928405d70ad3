/// Where the demonstration's firms are.
///
/// Telephone numbers are of the ranges kept for fiction: Bundesnetzagentur (Drama Numbers), Ofcom, ARCEP, PTS and the North American 555-01xx.
enum DemoCountries {
    static let all = [germany, unitedKingdom, unitedStates, france, sweden, poland, spain, japan]

    private static let germany = DemoCountry(
        code: "DE", language: "de", timeZone: "Europe/Berlin",
        cities: [
            .init(name: "Berlin", region: "Berlin", postalCode: "101##", phone: "+49 30 23125 ###"),
            .init(name: "Frankfurt am Main", region: "Hessen", postalCode: "603##", phone: "+49 69 90009 ###"),
            .init(name: "Hamburg", region: "Hamburg", postalCode: "203##", phone: "+49 40 66969 ###"),
            .init(name: "Köln", region: "Nordrhein-Westfalen", postalCode: "506##", phone: "+49 221 4710 ###"),
            .init(name: "München", region: "Bayern", postalCode: "803##", phone: "+49 89 99998 ###"),
        ],
        firstNames: [
            "Anna", "Lukas", "Jürgen", "Sabine", "Thomas", "Käthe", "Stefan", "Monika", "Felix", "Lea", "Jonas", "Ayşe", "Maximilian",
            "Birgit",
            "Moritz", "Charlotte", "Emre", "Heike", "Sebastian", "Franziska", "Wolfgang", "Katharina", "Tobias", "Julia",
        ],
        lastNames: [
            "Müller", "Schmidt", "Keller", "Öztürk", "Weiß", "Hoffmann", "Schäfer", "Wagner", "Becker", "Schulz", "Brandt", "Vogel",
            "Krüger",
            "Lehmann", "Böhm", "Winkler", "Seidel", "Arnold", "Yılmaz", "Groß", "Pohl", "Engel", "Jäger", "von Stetten", "Lindner", "Roth",
        ],
        streets: ["Hauptstraße", "Lindenallee", "Goethestraße", "Am Markt", "Hafenweg", "Schillerstraße", "Industriestraße", "Gartenweg"],
        firmNames: [
            "Nordlicht", "Alpenblick", "Rheintal", "Schwarzwald", "Elbe", "Havel", "Sonnenhof", "Grünwald", "Kranich", "Bergmann", "Falke",
            "Weserland", "Steinbach", "Morgenrot",
        ],
        trades: [
            .init(word: "Logistik", industry: "logistics"), .init(word: "Maschinenbau", industry: "manufacturing"),
            .init(word: "Software", industry: "software"), .init(word: "Möbel", industry: "retail"),
            .init(word: "Energie", industry: "energy"),
            .init(word: "Verlag", industry: "media"), .init(word: "Medizintechnik", industry: "healthcare"),
        ],
        legalForms: ["GmbH", "GmbH", "AG", "GmbH & Co. KG", "KG"], firms: 80)

    private static let unitedKingdom = DemoCountry(
        code: "GB", language: "en", timeZone: "Europe/London",
        cities: [
            .init(name: "London", region: nil, postalCode: "EC#A #BB", phone: "+44 20 7946 0###"),
            .init(name: "Manchester", region: nil, postalCode: "M# #AE", phone: "+44 161 496 0###"),
            .init(name: "Leeds", region: nil, postalCode: "LS# #JT", phone: "+44 113 496 0###"),
            .init(name: "Edinburgh", region: "Scotland", postalCode: "EH# #NG", phone: "+44 131 496 0###"),
            .init(name: "Bristol", region: nil, postalCode: "BS# #TH", phone: "+44 117 496 0###"),
        ],
        firstNames: [
            "Oliver", "Amelia", "Harry", "Isla", "George", "Priya", "Jack", "Sophie", "Mohammed", "Grace", "Alfie", "Freya", "Callum",
            "Niamh",
            "Rhys", "Zara", "Edward", "Poppy", "Hamish", "Imogen", "Rajesh", "Beatrice", "Toby", "Eleanor",
        ],
        lastNames: [
            "Smith", "Jones", "Taylor", "Patel", "O'Connor", "Davies", "Evans", "Wright", "Khan", "Robinson", "MacLeod", "Hughes",
            "Ashworth",
            "Whitfield", "Begum", "Sinclair", "Cartwright", "Fairbanks", "Holloway", "Marsh", "Pemberton", "Thornton", "Ward", "Yates",
        ],
        streets: ["High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "King Street", "Queensway", "The Crescent"],
        firmNames: [
            "Harbour", "Blackthorn", "Wessex", "Kingfisher", "Northgate", "Redwood", "Pennine", "Thistle", "Albion", "Foxglove",
            "Ironbridge",
            "Greyfriars",
        ],
        trades: [
            .init(word: "Freight", industry: "logistics"), .init(word: "Engineering", industry: "manufacturing"),
            .init(word: "Analytics", industry: "software"), .init(word: "Outfitters", industry: "retail"),
            .init(word: "Renewables", industry: "energy"), .init(word: "Press", industry: "media"),
            .init(word: "Dental", industry: "healthcare"),
        ],
        legalForms: ["Ltd", "Ltd", "plc", "LLP"], firms: 50, numberFirst: true)

    private static let unitedStates = DemoCountry(
        code: "US", language: "en-US", timeZone: "America/New_York",
        cities: [
            .init(name: "New York", region: "NY", postalCode: "100##", phone: "+1 212 555 01##"),
            .init(name: "Boston", region: "MA", postalCode: "021##", phone: "+1 617 555 01##"),
            .init(name: "Chicago", region: "IL", postalCode: "606##", phone: "+1 312 555 01##"),
            .init(name: "Austin", region: "TX", postalCode: "787##", phone: "+1 512 555 01##"),
            .init(name: "Seattle", region: "WA", postalCode: "981##", phone: "+1 206 555 01##"),
        ],
        firstNames: [
            "James", "Mary", "Michael", "Linda", "Carlos", "Jennifer", "DeShawn", "Emily", "Wei", "Ashley", "Brandon", "Maria", "Tyler",
            "Aaliyah",
            "Kevin", "Megan", "Diego", "Hannah", "Jamal", "Olivia", "Ethan", "Guadalupe", "Logan", "Victoria",
        ],
        lastNames: [
            "Johnson", "Williams", "Brown", "Garcia", "Miller", "Martinez", "Anderson", "Nguyen", "Jackson", "Lee", "Thompson", "Rivera",
            "Campbell",
            "Carter", "Ramirez", "Brooks", "Kelly", "Sanders", "Price", "Bennett", "Chen", "Foster", "Hayes", "Washington",
        ],
        streets: [
            "Main Street", "Oak Avenue", "Maple Drive", "Washington Boulevard", "Lakeview Road", "Elm Street", "Park Avenue", "2nd Street",
        ],
        firmNames: [
            "Summit", "Liberty", "Cascade", "Lone Star", "Blue Ridge", "Pioneer", "Great Lakes", "Evergreen", "Ironwood", "Bay State",
            "Copper",
            "Meridian",
        ],
        trades: [
            .init(word: "Shipping", industry: "logistics"), .init(word: "Fabrication", industry: "manufacturing"),
            .init(word: "Systems", industry: "software"), .init(word: "Hardware", industry: "retail"),
            .init(word: "Power", industry: "energy"),
            .init(word: "Broadcasting", industry: "media"), .init(word: "Health", industry: "healthcare"),
        ],
        legalForms: ["Inc.", "LLC", "Corp."], firms: 50, numberFirst: true)

    private static let france = DemoCountry(
        code: "FR", language: "fr", timeZone: "Europe/Paris",
        cities: [
            .init(name: "Paris", region: "Île-de-France", postalCode: "750##", phone: "+33 1 99 00 ## ##"),
            .init(name: "Rennes", region: "Bretagne", postalCode: "350##", phone: "+33 2 61 91 ## ##"),
            .init(name: "Strasbourg", region: "Grand Est", postalCode: "670##", phone: "+33 3 53 01 ## ##"),
            .init(name: "Lyon", region: "Auvergne-Rhône-Alpes", postalCode: "690##", phone: "+33 4 65 71 ## ##"),
            .init(name: "Bordeaux", region: "Nouvelle-Aquitaine", postalCode: "330##", phone: "+33 5 36 49 ## ##"),
        ],
        firstNames: [
            "Chloé", "Hugo", "Camille", "Léo", "Manon", "François", "Élodie", "Mathieu", "Inès", "Théo", "Noémie", "Rachid", "Agnès",
            "Baptiste",
            "Océane", "Jérôme", "Fatima", "Étienne", "Lucie", "Guillaume",
        ],
        lastNames: [
            "Martin", "Bernard", "Dubois", "Lefèvre", "Moreau", "Girard", "Benali", "Fontaine", "Chevalier", "Besson", "d'Aubigny",
            "Marchand",
            "Garnier", "Roussel", "Lacroix", "Perrin", "Guérin", "Masson", "Noël", "Delacroix",
        ],
        streets: [
            "rue de la République", "avenue Victor-Hugo", "rue du Moulin", "place de l'Église", "boulevard Gambetta", "quai des Brumes",
        ],
        firmNames: [
            "Belle Rive", "Lumière", "Grand Chêne", "Mistral", "Montclair", "Étoile", "Papillon", "Val d'Or", "Azur", "Fleur de Sel",
        ],
        trades: [
            .init(word: "Transports", industry: "logistics"), .init(word: "Industries", industry: "manufacturing"),
            .init(word: "Numérique", industry: "software"), .init(word: "Distribution", industry: "retail"),
            .init(word: "Énergies", industry: "energy"), .init(word: "Éditions", industry: "media"),
            .init(word: "Santé", industry: "healthcare"),
        ],
        legalForms: ["SARL", "SA", "SAS"], firms: 40, numberFirst: true)

    private static let sweden = DemoCountry(
        code: "SE", language: "sv", timeZone: "Europe/Stockholm",
        cities: [
            .init(name: "Stockholm", region: nil, postalCode: "111 ##", phone: "+46 8 465 004 ##"),
            .init(name: "Göteborg", region: nil, postalCode: "411 ##", phone: "+46 31 390 06 ##"),
            .init(name: "Malmö", region: nil, postalCode: "211 ##", phone: "+46 40 628 04 ##"),
        ],
        firstNames: [
            "Astrid", "Björn", "Elin", "Gustav", "Ingrid", "Lars", "Maja", "Nils", "Saga", "Åke", "Freja", "Oskar", "Ebba", "Sven",
            "Linnéa", "Axel",
        ],
        lastNames: [
            "Andersson", "Johansson", "Lindqvist", "Nyström", "Åkesson", "Bergström", "Ekman", "Forsberg", "Holm", "Sjögren", "Wallin",
            "Öberg",
            "Dahl", "Lundgren", "Strand", "Viklund",
        ],
        streets: ["Storgatan", "Kungsgatan", "Skolgatan", "Björkvägen", "Hamngatan", "Ringvägen"],
        firmNames: ["Norrsken", "Mälaren", "Skärgård", "Älgen", "Västkust", "Granit", "Björk", "Tre Tallar"],
        trades: [
            .init(word: "Frakt", industry: "logistics"), .init(word: "Verkstad", industry: "manufacturing"),
            .init(word: "Data", industry: "software"), .init(word: "Handel", industry: "retail"), .init(word: "Kraft", industry: "energy"),
        ],
        legalForms: ["AB"], firms: 25)

    private static let poland = DemoCountry(
        code: "PL", language: "pl", timeZone: "Europe/Warsaw",
        cities: [
            .init(name: "Warszawa", region: "mazowieckie", postalCode: "00-###", phone: nil),
            .init(name: "Kraków", region: "małopolskie", postalCode: "30-###", phone: nil),
            .init(name: "Łódź", region: "łódzkie", postalCode: "90-###", phone: nil),
            .init(name: "Gdańsk", region: "pomorskie", postalCode: "80-###", phone: nil),
        ],
        firstNames: [
            "Agnieszka", "Paweł", "Małgorzata", "Łukasz", "Zofia", "Michał", "Joanna", "Krzysztof", "Hanna", "Tomasz", "Żaneta", "Wojciech",
            "Ewa",
            "Rafał",
        ],
        lastNames: [
            "Nowak", "Kowalczyk", "Wiśniewska", "Wójcik", "Zieliński", "Szymańska", "Dąbrowski", "Król", "Pawlak", "Łuczak", "Żak",
            "Górska",
            "Ostrowski", "Mazur",
        ],
        streets: ["ul. Długa", "ul. Polna", "ul. Lipowa", "al. Jerozolimskie", "ul. Szkolna", "ul. Słoneczna"],
        firmNames: ["Wisła", "Bałtyk", "Orzeł", "Tatry", "Bursztyn", "Żubr", "Mazowsze"],
        trades: [
            .init(word: "Spedycja", industry: "logistics"), .init(word: "Meble", industry: "manufacturing"),
            .init(word: "Oprogramowanie", industry: "software"), .init(word: "Energia", industry: "energy"),
        ],
        legalForms: ["sp. z o.o.", "S.A."], firms: 20)

    private static let spain = DemoCountry(
        code: "ES", language: "es", timeZone: "Europe/Madrid",
        cities: [
            .init(name: "Madrid", region: "Comunidad de Madrid", postalCode: "280##", phone: nil),
            .init(name: "Barcelona", region: "Cataluña", postalCode: "080##", phone: nil),
            .init(name: "Málaga", region: "Andalucía", postalCode: "290##", phone: nil),
            .init(name: "A Coruña", region: "Galicia", postalCode: "150##", phone: nil),
        ],
        firstNames: [
            "Lucía", "Javier", "María José", "Álvaro", "Carmen", "Íñigo", "Nuria", "Sergio", "Begoña", "Pablo", "Montserrat", "Andrés",
            "Rocío",
            "Iker",
        ],
        lastNames: [
            "García López", "Fernández", "Núñez", "Muñoz Vega", "Iglesias", "Peña", "Ibáñez", "Castro", "Rubio", "Ortega", "Vidal",
            "Serrano Gil",
            "Domínguez", "Sáez",
        ],
        streets: ["calle Mayor", "avenida de la Constitución", "calle del Sol", "paseo Marítimo", "plaza de España", "calle Real"],
        firmNames: ["Costa Verde", "Castillo", "Olivar", "Sierra Nevada", "Faro", "Cigüeña", "Ribera"],
        trades: [
            .init(word: "Logística", industry: "logistics"), .init(word: "Cerámica", industry: "manufacturing"),
            .init(word: "Informática", industry: "software"), .init(word: "Alimentación", industry: "retail"),
        ],
        legalForms: ["S.L.", "S.A."], firms: 20)

    private static let japan = DemoCountry(
        code: "JP", language: "ja", timeZone: "Asia/Tokyo",
        cities: [
            .init(name: "東京", region: "東京都", postalCode: "100-00##", phone: nil),
            .init(name: "大阪", region: "大阪府", postalCode: "530-00##", phone: nil),
            .init(name: "札幌", region: "北海道", postalCode: "060-00##", phone: nil),
        ],
        firstNames: ["陽菜", "健太", "美咲", "大輔", "由美子", "翔太", "さくら", "直樹", "恵", "拓也"],
        lastNames: ["佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "斎藤"],
        streets: ["中央通り", "桜通り", "駅前通り", "本町"],
        firmNames: ["富士", "桜", "北斗", "青空", "松島"],
        trades: [
            .init(word: "物流", industry: "logistics"), .init(word: "製作所", industry: "manufacturing"),
            .init(word: "システム", industry: "software"),
        ],
        legalForms: ["株式会社"], firms: 15)
}
