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

LIST places[] = {"Thornby",    "Brackwater", "Oldmere",   "Fennick",    "Harrowgate", "Millbrook", "Stonecross",
                 "Wexley",     "Applewick",  "Dunmoor",   "Eastvale",   "Foxhollow",  "Greyhaven", "Highcombe",
                 "Ironbridge", "Juniper",    "Kestrel",   "Larkfield",  "Marshend",   "Northrock", "Otterburn",
                 "Pinewood",   "Quarry",     "Ravenhill", "Saltmarsh",  "Timberly",   "Underhill", "Violet",
                 "Westferry",  "Yarrow",     "Briarwood", "Coldspring", NULL};
LIST adjectives[] = {"brass", "copper", "silver", "golden", "wooden", "leather", "velvet", "red", "blue",
                     "green", "black",  "white",  "yellow", "purple", "grey",    "tiny",   NULL};
LIST things[] = {"lantern", "kettle",  "fiddle", "cloak",  "saddle", "mirror",   "compass", "hammer", "basket",
                 "bell",    "drum",    "flute",  "helmet", "ladder", "necklace", "pillow",  "ring",   "sword",
                 "trumpet", "violin",  "wagon",  "clock",  "carpet", "button",   "mask",    "coin",   "knife",
                 "candle",  "whistle", "spoon",  "boot",   "shield", NULL};
LIST hiding[] = {"cellar",  "barn",    "well",    "chimney", "mill",   "tower",   "attic",
                 "stable",  "boat",    "garden",  "forge",   "bakery", "chapel",  "cave",
                 "orchard", "kitchen", "hayloft", "shed",    "pantry", "library", NULL};
LIST numbers[] = {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", NULL};
LIST foods[] = {"plums",   "pears",    "cherries", "walnuts",  "honey",     "cheese",    "pancakes",
                "beans",   "carrots",  "figs",     "grapes",   "noodles",   "olives",    "peas",
                "turnips", "waffles",  "melons",   "radishes", "dumplings", "mushrooms", "lentils",
                "peaches", "biscuits", "cabbage",  NULL};
LIST trades[] = {"baker",   "miller", "tailor",  "carpenter", "shepherd", "weaver",   "potter", "fisher",   "hunter",
                 "teacher", "doctor", "painter", "printer",   "mason",    "sailor",   "singer", "gardener", "butcher",
                 "barber",  "cook",   "judge",   "nurse",     "lawyer",   "ferryman", NULL};
LIST fears[] = {"thunder", "spiders", "ghosts", "wolves", "snakes",   "heights", "fire",  "bats", "ravens",
                "storms",  "mice",    "horses", "geese",  "darkness", "dogs",    "crows", NULL};

#define SAYINGS(name, ...) LIST name[] = {__VA_ARGS__, NULL}

SAYINGS(home_told, "%A lives in %V.", "Everyone knew that %A lives in %V.",
        "\"%A lives in %V,\" said %B to the others.");
SAYINGS(home_recalled, "%B remembered that %A lives in %V.", "%B went out to visit %A, for %A lives in %V.",
        "It was no secret that %A lives in %V.");
SAYINGS(owns_told, "%A owns a %V.", "Among other things %A owns a %V.", "%B was surprised that %A owns a %V.");
SAYINGS(owns_recalled, "%B told the children that %A owns a %V.", "As %B had not forgotten, %A owns a %V.");
SAYINGS(keeps_told, "%A keeps the money in the %V.", "Nobody but %B knew that %A keeps the money in the %V.");
SAYINGS(keeps_recalled, "%B whispered that %A keeps the money in the %V.",
        "The thieves never learned that %A keeps the money in the %V.");
SAYINGS(goats_told, "%A has %V goats.", "On the hill %A has %V goats.", "%B counted them: %A has %V goats.");
SAYINGS(goats_recalled, "%B still remembered that %A has %V goats.", "The neighbours agreed that %A has %V goats.");
SAYINGS(loves_told, "%A loves to eat %V.", "More than anything %A loves to eat %V.");
SAYINGS(loves_recalled, "%B cooked for everyone, and since %A loves to eat %V, there was enough of it.",
        "%B had not forgotten that %A loves to eat %V.");
SAYINGS(trade_told, "%A works as a %V.", "To earn some bread %A works as a %V.");
SAYINGS(trade_recalled, "%B mentioned that %A works as a %V.", "In those days, as we know, %A works as a %V.");
SAYINGS(fear_told, "%A is afraid of %V.", "Though nobody would believe it, %A is afraid of %V.");
SAYINGS(fear_recalled, "%B laughed because %A is afraid of %V.",
        "They did not go that way, because %A is afraid of %V.");
SAYINGS(friend_told, "The best friend of %A is %V.", "For many years the best friend of %A is %V.");
SAYINGS(friend_recalled, "%B knew well that the best friend of %A is %V.",
        "As you remember, the best friend of %A is %V.");

const sn_story_relation sn_story_relations[] = {
    {"home", "Where does %A live?", "%A lives in %V", home_told, home_recalled, places, NULL},
    {"owns", "What does %A own?", "%A owns a %V", owns_told, owns_recalled, things, adjectives},
    {"keeps", "Where does %A keep the money?", "%A keeps the money in the %V", keeps_told, keeps_recalled, hiding,
     NULL},
    {"goats", "How many goats does %A have?", "%A has %V", goats_told, goats_recalled, numbers, NULL},
    {"loves", "What does %A love to eat?", "%A loves to eat %V", loves_told, loves_recalled, foods, NULL},
    {"trade", "What is the trade of %A?", "%A works as a %V", trade_told, trade_recalled, trades, NULL},
    {"fear", "What is %A afraid of?", "%A is afraid of %V", fear_told, fear_recalled, fears, NULL},
    {"friend", "Who is the best friend of %A?", "The best friend of %A is %V", friend_told, friend_recalled, NULL,
     NULL},
};
const int sn_story_n_relations = (int)(sizeof sn_story_relations / sizeof *sn_story_relations);

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

const char *const sn_story_fillers[] = {"%T the air was %W and %A walked to the %S.",
                                        "%A and %B sat by the fire with some %E.",
                                        "%A was %M that day.",
                                        "An old %L slept beside the %S.",
                                        "%T %A met %B near the %S, and they talked for an hour.",
                                        "Nothing much happened at the %S.",
                                        "It was %W, and the %L would not come in.",
                                        "%A carried %E to the %S for %B.",
                                        "\"What a %W day,\" said %A.",
                                        "%B asked %A for a cup of %E.",
                                        "%T everyone was %M.",
                                        "The %L ran over the %S and %A ran after it.",
                                        "%A looked at the %S for a long time and felt %M.",
                                        "\"Come with me to the %S,\" said %A to %B.",
                                        "There was %E on the table, and nobody was %M.",
                                        "%T the weather turned %W.",
                                        "%A sang a song that %B did not know.",
                                        "A %L crossed the road, and %A stopped.",
                                        "%A wrote a letter to %B and put it away.",
                                        "They went from the %S to the %S and back again.",
                                        "%B helped %A to mend the fence at the %S.",
                                        "%A said nothing and ate some %E.",
                                        "The bells rang over the %S.",
                                        "%A told %B about the %L.",
                                        NULL};
