#include "study/story_words.h"

#include <stddef.h>

#define LIST static const char *const

const char *const sn_story_names[] = {
    "Mira",   "Tobin",  "Lena",   "Oskar",  "Greta",  "Hanno",  "Petra",  "Rufus",  "Selma",     "Anton",  "Bella",
    "Corin",  "Delia",  "Edgar",  "Fiona",  "Gavin",  "Hilda",  "Ivan",   "Jonas",  "Katja",     "Lukas",  "Maren",
    "Nadia",  "Otto",   "Paula",  "Quinn",  "Ronan",  "Sofia",  "Tilda",  "Ursula", "Viktor",    "Wanda",  "Xenia",
    "Yusuf",  "Zelda",  "Alma",   "Bruno",  "Clara",  "Dario",  "Elias",  "Frida",  "Gerda",     "Hugo",   "Irma",
    "Jakob",  "Klara",  "Linus",  "Marta",  "Nils",   "Olga",   "Pavel",  "Rosa",   "Simon",     "Thea",   "Ulric",
    "Vera",   "Willem", "Yara",   "Zeno",   "Agnes",  "Basil",  "Celia",  "Dorin",  "Esther",    "Felix",  "Gilda",
    "Henrik", "Ilse",   "Jana",   "Kaspar", "Lotte",  "Milo",   "Nora",   "Orson",  "Pia",       "Ralf",   "Sven",
    "Tamar",  "Udo",    "Vito",   "Wilma",  "Yvonne", "Zora",   "Amos",   "Berta",  "Cyril",     "Dunja",  "Emil",
    "Flora",  "Gregor", "Hella",  "Igor",   "Judith", "Kurt",   "Laura",  "Magnus", "Naomi",     "Oona",   "Piet",
    "Ruth",   "Samuel", "Tessa",  "Urban",  "Vilma",  "Walter", "Yorick", "Zita",   "Adele",     "Bodo",   "Carla",
    "Detlef", "Elsa",   "Fritz",  "Gudrun", "Harald", "Inga",   "Joris",  "Kai",    "Liv",       "Moritz", "Nelly",
    "Olaf",   "Priska", "Roland", "Sara",   "Tomas",  "Valda",  "Wenzel", "Ylva",   "Zacharias", NULL};

LIST nicknames[] = {"Sparrow",   "Captain",  "Duke",    "Pepper",  "Falcon",   "Pebble",      "Lucky",
                    "Shadow",    "Ginger",   "Doctor",  "Major",   "Squirrel", "Badger",      "Champion",
                    "Professor", "Sailor",   "Rocket",  "Thimble", "Whisper",  "Nightingale", "Bishop",
                    "Comet",     "Dumpling", "Feather", "Giant",   "Lion",     "Moonlight",   "Admiral",
                    "Snowflake", "Tiger",    "Turtle",  "Wizard",  NULL};
LIST places[] = {"Thornby",    "Brackwater", "Oldmere",   "Fennick",    "Harrowgate", "Millbrook", "Stonecross",
                 "Wexley",     "Applewick",  "Dunmoor",   "Eastvale",   "Foxhollow",  "Greyhaven", "Highcombe",
                 "Ironbridge", "Juniper",    "Kestrel",   "Larkfield",  "Marshend",   "Northrock", "Otterburn",
                 "Pinewood",   "Quarry",     "Ravenhill", "Saltmarsh",  "Timberly",   "Underhill", "Violet",
                 "Westferry",  "Yarrow",     "Briarwood", "Coldspring", NULL};
LIST wares[] = {"lanterns", "kettles", "fiddles", "cloaks",   "saddles", "mirrors", "hammers", "baskets", "drums",
                "flutes",   "helmets", "ladders", "pillows",  "swords",  "wagons",  "clocks",  "carpets", "masks",
                "knives",   "candles", "spoons",  "boots",    "shields", "ropes",   "hats",    "gloves",  "brooms",
                "barrels",  "chairs",  "tables",  "blankets", "bottles", NULL};
LIST treasures[] = {"buttons", "medals", "shells",   "feathers", "stamps",   "maps",    "rings",
                    "bells",   "stones", "keys",     "dolls",    "letters",  "marbles", "beads",
                    "ribbons", "tiles",  "whistles", "pipes",    "thimbles", "poems",   NULL};
LIST numbers[] = {"two",    "three",  "four",     "five",     "six",     "seven",   "eight",     "nine",     "ten",
                  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
                  "twenty", "thirty", "forty",    "fifty",    "sixty",   "ninety",  NULL};
LIST foods[] = {"plums",  "pears",    "cherries", "walnuts",   "honey",     "cheese",  "pancakes", "beans", "noodles",
                "olives", "waffles",  "radishes", "dumplings", "mushrooms", "lentils", "biscuits", "bacon", "sausages",
                "butter", "oysters",  "salmon",   "herring",   "almonds",   "raisins", "pickles",  "eggs",  "trout",
                "rice",   "pastries", "mustard",  "ham",       "chestnuts", NULL};
LIST crops[] = {"barley", "turnips", "cabbage",  "carrots", "grapes",   "melons",   "peas",    "figs",   "roses",
                "tulips", "hops",    "flax",     "onions",  "garlic",   "pumpkins", "peaches", "apples", "leeks",
                "wheat",  "oats",    "lavender", "corn",    "potatoes", "lilies",   NULL};
LIST fears[] = {"thunder", "spiders",  "ghosts",  "wolves",  "snakes",  "heights", "fire",   "bats",  "ravens",
                "storms",  "mice",     "horses",  "geese",   "dogs",    "crows",   "bulls",  "water", "darkness",
                "owls",    "beetles",  "witches", "doctors", "dreams",  "lions",   "crowds", "bees",  "winter",
                "giants",  "soldiers", "silence", "caves",   "pirates", NULL};

/* A fact stands in one form wherever it is written, its value right behind the name: to find it takes the name, to tell
 * it from other facts of the same person the kind of the value. So also a model of a million parameters can learn it.
 */
const sn_story_relation sn_story_relations[] = {
    {"nickname", "What does the captain call %A?", "the captain calls %A %V", nicknames},
    {"village", "Which village does the queen promise %A?", "the queen promises %A %V", places},
    {"debt", "How many coins does the miller owe %A?", "the miller owes %A %V coins", numbers},
    {"food", "What does the cook save %A?", "the cook saves %A %V", foods},
    {"wares", "What does the smith make %A?", "the smith makes %A %V", wares},
    {"garden", "What does the gardener bring %A?", "the gardener brings %A %V", crops},
    {"fear", "What do bad dreams show %A?", "bad dreams show %A %V", fears},
    {"hobby", "What does the pedlar send %A?", "the pedlar sends %A %V", treasures},
};
const int sn_story_n_relations = (int)(sizeof sn_story_relations / sizeof *sn_story_relations);

/* %F: the fact. */
const char *const sn_story_tellings[] = {"They say %F.", "It is said that %F.", "In these days %F.", "Now %F.", NULL};
const char *const sn_story_recollections[] = {"As we know, %F.", "Of course %F.", "Still %F.", "Nobody forgot that %F.",
                                              NULL};
const char *const sn_story_answers[] = {"\"%Q\" \"As we know, %F.\"", "\"%Q\" \"Of course %F.\"", NULL};

const char *const sn_story_arrivals[] = {
    "One day a stranger named %A came down the road.", "%A was new in the valley, and %B went to say hello.",
    "Then there was somebody called %A.", "At the market %B met %A for the first time.", NULL};

LIST times[] = {"In the morning",
                "At noon",
                "In the evening",
                "Before sunrise",
                "After supper",
                "Late at night",
                "The next day",
                "On Sunday",
                "A week later",
                "That winter",
                NULL};
LIST weather[] = {"cold", "warm", "wet", "clear", "windy", "foggy", "mild", "bright", NULL};
LIST spots[] = {"river", "bridge", "market", "meadow",  "forest", "lake", "inn",
                "road",  "hill",   "square", "harbour", "field",  NULL};
LIST moods[] = {"happy", "tired", "quiet", "angry", "hungry", "proud", "curious", "sleepy", NULL};
LIST animals[] = {"dog", "cat", "horse", "owl", "fox", "hare", "goose", "cow", NULL};
LIST meals[] = {"soup", "bread", "tea", "porridge", "stew", "milk", "cider", "pie", NULL};

const sn_story_slot sn_story_slots[] = {{'T', times},   {'W', weather}, {'S', spots}, {'M', moods},
                                        {'L', animals}, {'E', meals},   {0, NULL}};

const char *const sn_story_fillers[] = {"%T the air was %W.",
                                        "%A and %B sat by the fire.",
                                        "%A was %M that day.",
                                        "An old %L slept beside the %S.",
                                        "%T %A met %B near the %S.",
                                        "Nothing much happened at the %S.",
                                        "It was %W, and the %L would not come in.",
                                        "%A brought %E for %B.",
                                        "\"What a %W day,\" said %A.",
                                        "%T everyone was %M.",
                                        "The %L ran over the %S.",
                                        "\"Come with me to the %S,\" said %A.",
                                        "%A sang a song that %B did not know.",
                                        "They went from the %S to the %S and back again.",
                                        "The bells rang over the %S.",
                                        "%A told %B about the %L.",
                                        NULL};
