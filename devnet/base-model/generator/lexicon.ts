/** Plain English words that the generator composes into values, relation names and prose. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const ADJECTIVES = words(`
  amber ancient arctic autumn bitter black blue bold brass brief bright broad bronze calm central clean clear cold common
  copper coral crimson curved daily dark deep dense direct distant double dry dusty early eastern easy electric empty equal
  exact external faint fair famous fast final fine firm first flat foreign formal fragile free fresh full gentle giant glass
  global golden grand grave gray green guarded half happy hard heavy hidden high hollow honest huge idle inner iron ivory
  joint junior keen large late lean legal light linen little local lone long loose loud low lucky lunar major marble mild
  minor modern narrow native near neutral new noble northern open orange outer pale paper partial patient plain polar
  polite private prompt public pure purple quick quiet rapid rare raw ready recent red regional remote rich rigid ripe
  rough round royal rural safe salty second secret senior shallow sharp short silent silver simple single slow small smart
  smooth soft solar solid southern spare special spring square stable steady steel steep still stone strict strong summer
  sweet swift tall tame thick thin third tiny tough true upper urban valid vast velvet violet warm weekly western wet white
  whole wide wild winter wise wooden yearly yellow young`);

export const NOUNS = words(`
  account acorn actor advice agent alarm album alley amount anchor angle animal answer anvil apple archive armor arrow atlas
  badge bakery balance ballot band bank barn barrel basin basket battery beacon beam bean bell bench berry bird blade
  blanket blossom board boat bond bottle boulder bow branch bread brick bridge broker brush bucket budget butter button
  cabin cable cactus camera camp canal candle canyon captain card cargo carpet cart castle cedar cellar chain chair chapel
  charter chart cheese cherry chest circle citadel clause clerk client cliff clinic clock cloud clover coast coat coin
  collar column comet compass contract copy corner cotton council counter court cradle crane crater creek crown crystal
  cup curtain cycle dam deck deer delta deposit desert desk device diary dock doctor dome door dragon drawer drill driver
  drum duty eagle echo edge editor engine envelope estate exit fabric factory falcon farm feather fee fence fern ferry
  field filter finch flag flame flask fleet flint flood floor flower flute fog forest forge fork fort fountain fox frame
  fruit fuel fund garden garlic gate gauge gear ghost giraffe glacier glove goat grain granite grape grass gravel grid
  guard guest guide guild guitar hammer harbor harvest hat hawk hedge helmet herb heron hill hinge honey hood hook horn
  horse hotel hour house index ink insect island ivy jacket jar jewel journal judge juice jungle junction kettle key king
  kitchen kite knight knot label ladder lake lamp lantern lattice lawyer leaf league ledger lemon lens letter lever library
  lily limit linen lion list loan lock locker lodge log loop lotus luggage magnet maple mantle map marble margin market
  marsh mask mast meadow medal member mentor menu merchant meter mill mine mint mirror mission monitor moon morning moss
  motor mountain mouse museum napkin needle nest net network night north notebook number nurse oak oar ocean office olive
  onion orbit orchard order organ otter oven owl owner oyster package paddle page palace panel paper park parrot partner
  patch path patient peach pearl pebble pen pepper permit phrase piano pillow pilot pine pipe planet plate plum pocket poem
  pole policy pond pony pool poplar port portal poster potato pouch powder premium price prince prism prize profit pump
  puzzle quarry quarter queen quill rabbit radio raft rail rain ranch rate raven record reef reserve resin rice ridge ring
  river road robin rock rocket roof room rope rose route router row ruby rule saddle sail salmon salt sand satchel scale
  scarf school scout screen scroll sea seal season seed sensor shadow share sheep shelf shell shield ship shore signal silk
  singer sketch sky sled sleeve slope smoke snail snow socket soil soldier song spear sphere spice spider spire spoon spring
  spruce square stable staff stage stair stamp star station statue steam stem stone storm stove stream street string student
  sugar summit sun supply swan switch sword symbol table tailor tank tariff tax teacher temple tent terrace thread throne
  thunder ticket tide tiger timber title toast token tool torch tower town track trade trail train treaty tree trench
  tribute truck trumpet trust tunnel turbine turtle valley valve vault vector vessel vest village vine violin voyage wagon
  wallet walnut warden watch water wave well whale wheat wheel whistle willow window wing winter wolf wood wool workshop
  wreath yard year zone`);

/** Second halves of made-up relation names ("signal budget", "repair quota"). */
export const MEASURES = words(`
  allowance area average balance band bonus budget capacity ceiling charge class code count cover credit cycle date deadline
  delay depth discount distance duration factor fee floor frequency gap goal grade guard height hours index interval
  keeper leader length level license limit load location lock manager margin mark mass maximum minimum mode motto name
  number office officer order outlet output owner password path payment penalty period phase plan platform policy position
  price priority profile provider purpose quota range rank rate ratio reading reserve reward route rule schedule score
  season sector share shift size slot source span speed sponsor stage standard status supplier target team temperature term
  threshold title total type unit use value version volume weight width window year yield`);

export const COLOURS = words(`
  amber azure beige black blue bronze brown copper coral crimson cyan emerald gold gray green indigo ivory jade lavender
  lilac lime magenta maroon navy ochre olive orange pink plum purple red rose ruby rust sapphire scarlet silver teal
  turquoise violet white yellow`);

export const MATERIALS = words(`
  aluminium amber bamboo basalt bone brass brick bronze carbon cedar ceramic chalk clay cobalt concrete copper cork cotton
  crystal ebony glass gold granite graphite hemp iron ivory jade lead leather linen marble mica nickel oak obsidian paper
  pine platinum porcelain quartz resin rubber sandstone silicon silk silver slate steel stone tin titanium wax wool zinc`);

export const PLANTS_AND_FOODS = words(`
  almond anise apple apricot barley basil bean beet berry cabbage carrot celery cherry chestnut cinnamon clove cocoa coconut
  coffee corn cumin date fennel fig garlic ginger grape hazel honey kale leek lemon lentil lime mango melon mint mushroom
  mustard nutmeg oat olive onion orange papaya parsley peach pear pepper pine plum pumpkin quince radish raisin rice rye
  saffron sage sesame spinach squash tea thyme tomato turnip vanilla walnut wheat yam`);

export const VERBS_PAST = words(`
  adopted approved archived audited borrowed built bought carried checked cleaned closed collected compared copied counted
  covered crossed delayed delivered described designed drew entered examined filed fixed followed found guarded guided held
  inspected joined kept launched left lifted listed loaded logged marked measured mended met moved named noticed opened
  ordered packed painted passed planned played printed published raised reached read received recorded repaired replaced
  reported reviewed saved sealed searched sent served shipped showed signed sold sorted stored studied supplied tested took
  traced traded trained turned used visited watched weighed wrote`);

export const NUMBER_WORDS = words(`
  two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
  twenty thirty forty fifty sixty seventy eighty ninety dozen hundred`);

export const ILLNESSES = words(`
  ache anxiety arthritis asthma bleeding blindness burns cancer cold colic cough cramp croup dizziness eczema fever flu gout
  hiccups insomnia itch jaundice measles migraine nausea numbness pain palsy pneumonia rash rickets scurvy shivers sneezing
  stiffness stings swelling toothache tremor ulcer vertigo warts weakness wheezing wounds`);

export const MONTHS = words(
  "January February March April May June July August September October November December",
);

export const WEEKDAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday");

export const FIRST_NAMES = words(`
  Ada Alan Alice Amara Andre Anna Arun Beatriz Ben Bruno Carla Chen Clara Daniel Dara David Diego Elena Elif Emil Emma Erik
  Eva Farid Fatima Felix Freya Gita Grace Hana Hugo Ida Igor Ines Ivan Jana Jonas Julia Kai Karim Kenji Lara Layla Lena Leo
  Liam Lina Luca Lucia Mara Marco Maria Marta Mei Milan Mina Mira Nadia Nina Nora Olga Omar Oscar Paul Petra Priya Rafael
  Rania Rosa Ruth Sami Sara Simon Sofia Tara Thomas Tomas Vera Victor Wei Yara Yusuf Zoe`);

/** Everyday words and the words of the four domains: the copying documents teach to repeat them in any order. */
export const COMMON = words(`
  able about above accept access account across action active activity actual add adult affect after again against age agree
  ahead allow almost alone along already also although always among annual another answer any appear apply approval around
  arrive ask asset assign attack available avoid away back bad bandwidth basic bear beat because become before begin behind
  believe below benefit best better between beyond billing block blood board body book borrow both bounty bring browser build
  burn business buy call campaign cannot capacity care carry case cash cause change charge check child choose citizen claim
  class clean clear client clinical close cloud code collateral collect column combat come comment commission common community
  company compare complete compute condition confirm connect consent consumer contain continue control convert cost could
  country course cover coverage create credit critical crypto culture current customer damage danger data day deal death debt
  decide decision decrease default defend degree delegate deliver demand depend deposit describe design detail develop device
  diagnosis die differ difficult digital dinner disease display dividend doctor document does done down draw drink drive drop
  drought dual during dust duty each early earn earth easily eat economic effect eight either electricity eleven else emergency
  employ enable encounter end enemy energy enough ensure enter entire entry equipment equity error escrow event ever every
  exchange except exercise exist expand expect expense experience expire explain export express extra eye face fact fail faith
  fall family far fast father fault favor feature fee feed feel fever few fight figure file fill final finance find finish fire
  fiscal five flight floor flow follow food foot force forest forget form former forward four free friend from front full
  function funding future gain game gas gather general get give goal good goods govern grant great ground group grow guard
  guess habit hand handle happen hard harm harvest have hazard health hear heart heat heavy help here high hire history hit
  hold home honor hope hospital hotspot however human hundred idea identify illness image impact import improve income
  increase index industry infection inflation information initial injury input inside insulin insurance interest internal
  invest invoice issue item itself join judge jump just keep kind know label lack land language large last late latency law
  layer lead learn lease least leave left legal lend less letter level liability license life lift light like limit line
  liquid liquidity list listen little live load loan local locate lock long look loot lose loss lower machine main maintain
  make manage many market match matter maturity may mean measure meat medicine meet member memory mention merge message method
  middle might million mind mine minimum minute miss mission mobile model modern moment money month more morning mortgage most
  mother move much must mutual name nation natural near necessary need negative network never next nine noise none normal
  notice now nurse object observe obtain occur offer office often once one only open operate operator option orbit order
  origin other outside over own owner pain paper parent part party pass past patch patient pay payment payout peak people per
  percent perform perhaps period person phase phone physical pick piece place plan plant platform play player please point
  policy pool poor popular population portfolio position positive possible post power practice prefer premium prepare
  prescription present preserve press pressure prevent price primary principal print private prize problem process produce
  product profit program project promise proof property propose protect protocol prove provide public pull purchase purpose
  push put quality quantity quarter quest question quick quite rain raise range rank rare rate rather raw reach read real
  rebate receive record recover redeem reduce refund region register regular relate release rely remain remember remote remove
  renewal rent repair repeat replace reply report require rescue research reserve resident resource respond response rest
  result retail return revenue review reward right rise risk role roll room route routine rule run safe salary sale same save
  say scan schedule score screen search season seat second section sector secure security see seek seem select sell send
  sense serious serve server service session set settle settlement seven several share sharp shelter shift ship shop short
  should show sick side sign signal simple since single site six size skill sleep slot slow small social solar solution solve
  some soon sort source space speak special speed spell spend sponsor spread staff stake standard start state station status
  stay step still stock stop storage store story strategy stream strength stress strike strong structure student study
  submit success such sugar suggest suit summer supply support surface surge surgery survey swap system table take talk
  target task team tell ten tenant term test than thank that their them then theory therapy there these they thing think third
  this those though thousand threat three through throughput time today together token tokens tomorrow tool total touch toward
  tower track trade train transfer treat treatment treaty trend trial trigger trust try turn twelve twenty two type uncle
  under understand unit until update upgrade upon uptime use user usual vaccine validate validator value various vendor
  verify version very via victory view virus visit vital volume vote wage wait walk wallet want warehouse warn warranty waste
  watch water weather week weight welcome well what when where whether which while white who whole whose why wide will win
  wind window wish with withdraw within without witness woman word work worker world worth would write wrong year yes yet
  yield your zero zone`);
