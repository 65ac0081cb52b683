const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** A dot after one of these never ends a sentence: something always follows them. Any case. */
const NEVER_LAST = new Set(
  words(
    "e.g i.e viz vs cf i.q approx ca z.b d.h u.a s.o bzw vgl sog p.ex c.à.d bijv t.e т.е т.к т.н см напр np tzn",
  ),
);

/**
 * A dot after one of these ends a sentence only before a word that begins sentences. Those with a capital are met only so:
 * "sat", "sun" and "gen" without it are words or names of their own.
 */
const SELDOM_LAST = new Set([
  // Titles and ranks.
  ...words(
    "Dr Mr Mrs Ms Mx Prof Mt Mts Ft St Sts Ste Gov Gen Col Capt Cpt Lt Sgt Cpl Pvt Maj Cmdr Cdr Adm Brig Sen Rep",
  ),
  ...words(
    "Pres Rev Fr Br Hon Supt Insp Messrs Mme Mmes Mlle Mgr Msgr Atty Amb Asst Assoc Dir Sec Treas Det Dep Ofc Esq",
  ),
  ...words("Jr Sr Snr Jnr Sra Srta Dra Ing Lic Dipl Hr Frl Dhr Mevr Sig Dott Avv Ud Uds Exmo Ph.D"),
  // Places and addresses.
  ...words(
    "Ave Av Blvd Rd Ln Ct Pl Sq Ter Terr Cir Hwy Pkwy Expy Fwy Rte Bldg Apt Rm Fl Pt Is Pk Str Isl Mtn Mtns Jct Stn",
  ),
  ...words(
    "Ala Ariz Ark Calif Colo Conn Fla Ga Kan Ky Md Mich Minn Mont Neb Nev Okla Pa Tenn Tex Va Vt Wis Wyo Ont Que",
  ),
  // Firms and bodies.
  ...words(
    "Bros Inc Ltd Co Cos Corp Assn Dept Div Univ Inst Acad Coll Conf Comm Dist Fdn Govt Intl Natl Mfg Mfr Mgmt Org Soc",
  ),
  // Works.
  ...words("Ed Eds Trans Proc Suppl Ser Jnl Ann Bull Publ Hrsg Jh Jhd Aufl Orig Op"),
  // Days and months.
  ...words("Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"),
  // Written small as well.
  ...words(
    "inc ltd co corp plc bros dept est max min avg temp etc al ibid a.m p.m u.s u.k e.u u.n b.sc m.sc hr hrs mins",
  ),
  ...words(
    "secs yr yrs wk wks mo mos ft lb lbs oz mi sq tel ext incl excl misc usw enz ecc evtl ggf inkl zzgl env ул им тыс млн млрд руб",
  ),
  ...words("डॉ प्रो श्री"),
]);

/** A dot after one of these ends no sentence before a number. */
const BEFORE_NUMBER = new Set([
  ...words(
    "no nos nr op opp fig figs eq eqs sec secs sect ch chap chs vol vols art arts par para paras p pp pt pts tab tabs",
  ),
  ...words(
    "app ex exs ref refs ver v vv rm apt bk bks bd lot cat pl ln fol ff n cl sch cap abb kap s núm pág págs st rte hwy",
  ),
  ...words(
    "ps gen lev deut matt rom cor gal eph phil col thess tim heb pet rev c b d r fl стр рис табл гл п пп ст г",
  ),
]);

const STARTERS = new Set(
  words(
    `The A An It Its This That These Those In On At For From With By As If When While After Before Since Until He She They We
    You I His Her Their Our Your There Then However But And Or So Each Every All Some No Not What Who Why How Where Which
    Der Das Dem Den Ein Eine Es Er Sie Wir Diese Dieser Dieses Ich Im Am Le Les Une Il Elle Ils Elles Ce Cette Nous Vous
    El Una Uno Ella Ellos Este Esta Он Она Они Это Мы В На`,
  ),
);

/** Months of languages that write the day as a number and a dot. */
const MONTHS = new Set(
  words(
    `Januar Jänner Februar Feber März Mai Juni Juli August Oktober Dezember Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Dez
    January February March April May June July September October November December`,
  ),
);

/** Like "Blvd", "Hwy" or "Sgt": a capital and small consonants alone are no word. */
const CONSONANTS = /^[B-DF-HJ-NP-TV-XZ][b-df-hj-np-tv-xz]{1,4}$/;
/** Like "U.S", "Ph.D", "z.B" or "т.д". */
const DOTTED = /^(?:\p{L}{1,2}\.)+\p{L}{1,3}$/u;
const NUMBER = /^(?:[\p{N}§#№]|\p{Lu}?\p{N}|[IVXLCM]+(?![\p{L}\p{N}]))/u;

/**
 * True if a dot after `before` ends no sentence: it belongs to an abbreviation, an initial or a day of a month.
 * @param before the end of the text up to the dot, without it
 * @param next the beginning of the text after the dot and white space
 */
export function isAbbreviation(before: string, next: string): boolean {
  const word = /[\p{L}\p{M}\p{N}.]*$/u.exec(before)![0].replace(/^\.+/, "");
  const follower = /^[\p{L}\p{M}\p{N}]*/u.exec(next)![0];
  // "A." and "I." are initials before another dot: "Dr. A. Vole".
  const begins = STARTERS.has(follower) && !(follower.length === 1 && next[1] === ".");
  // "z. B.", "d. h." or "т. д.".
  if (/^\p{L}$/u.test(word) && /^\p{L}\./u.test(next)) return true;
  if (/^\p{N}{1,2}$/u.test(word)) return MONTHS.has(follower);
  const small = word.toLowerCase();
  if (NEVER_LAST.has(small)) return true;
  if (BEFORE_NUMBER.has(small) && isNumber(word, next)) return true;
  if (/^\p{Lu}$/u.test(word) || DOTTED.test(word) || CONSONANTS.test(word)) return !begins;
  const isListed = SELDOM_LAST.has(word) || SELDOM_LAST.has(small) || SELDOM_LAST.has(capitalised(word));
  return isListed && !begins;
}

/** "App. B" is numbered by a letter; after a small word a letter begins a sentence: "He closed the app. A boat came." */
function isNumber(word: string, next: string): boolean {
  return NUMBER.test(next) || (/^\p{Lu}/u.test(word) && /^\p{Lu}(?![\p{L}\p{N}'’])/u.test(next));
}

/** "PROF" as "Prof"; a small word stays what it is. */
function capitalised(word: string): string {
  return word.length > 1 && word === word.toUpperCase() ? word[0] + word.slice(1).toLowerCase() : word;
}
