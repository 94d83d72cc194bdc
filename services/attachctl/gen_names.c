/* gen_names.c - words of the synthetic region. Given names are common ones; surnames are put together from syllables. */
#include <stdio.h>
#include "services/attachctl/gen_impl.h"

#define PICK(list, random) (list)[(random) % (sizeof(list) / sizeof *(list))]

static const char *const men[] = {"Алексей", "Андрей", "Антон", "Борис", "Вадим", "Виктор", "Глеб", "Денис", "Дмитрий",
                                  "Егор", "Иван", "Игорь", "Илья", "Кирилл", "Лев", "Максим", "Михаил", "Никита",
                                  "Олег", "Павел", "Пётр", "Роман", "Сергей", "Степан", "Тимур", "Фёдор", "Юрий", "Ян"};
static const char *const women[] = {"Алина", "Алла", "Анна", "Валентина", "Вера", "Виктория", "Галина", "Дарья", "Ева",
                                    "Екатерина", "Елена", "Жанна", "Зоя", "Инна", "Ирина", "Ксения", "Лариса", "Лидия",
                                    "Мария", "Нина", "Ольга", "Полина", "Раиса", "Софья", "Тамара", "Ульяна", "Юлия", "Яна"};
static const char *const fathers[] = {"Алексеев", "Андреев", "Антонов", "Борисов", "Вадимов", "Викторов", "Глебов",
                                      "Денисов", "Егоров", "Иванов", "Кириллов", "Максимов", "Олегов", "Павлов",
                                      "Петров", "Романов", "Степанов", "Тимуров", "Фёдоров", "Янов"};
static const char *const heads[] = {"Бар", "Вел", "Гол", "Дуб", "Жар", "Зим", "Кал", "Лап", "Мал", "Нев", "Озер", "Пол",
                                    "Рож", "Сад", "Тал", "Ужин", "Фом", "Хол", "Цвет", "Чар", "Шил", "Щед", "Яр", "Бел"};
static const char *const middles[] = {"а", "ан", "ар", "ач", "ен", "ер", "ик", "ит", "ол", "ом", "он", "ор", "ош", "ун",
                                      "ур", "уш", "еш", "ет"};
static const char *const tails[] = {"ов", "ев", "ин", "енков", "чук", "ский", "ко", "ых"};
static const char *const tails_she[] = {"ова", "ева", "ина", "енкова", "чук", "ская", "ко", "ых"};
static const char *const streets[] = {"Садовая", "Лесная", "Речная", "Полевая", "Озёрная", "Школьная", "Парковая",
                                      "Заводская", "Вишнёвая", "Солнечная", "Луговая", "Набережная"};

void gen_surname(uint64_t random, PB(Sex) sex, char ret[64])
{
    const char *tail = sex == PB_SEX(FEMALE) ? PICK(tails_she, random) : PICK(tails, random);
    random /= 8;
    const char *head = PICK(heads, random);
    random /= 32;
    const char *first = PICK(middles, random);
    random /= 32;
    bool longer = random % 3 == 0;
    random /= 3;
    snprintf(ret, 64, "%s%s%s%s", head, first, longer ? PICK(middles, random) : "", tail);
}

const char *gen_name(uint64_t random, PB(Sex) sex) { return sex == PB_SEX(FEMALE) ? PICK(women, random) : PICK(men, random); }

/* Whole words, so that a person holds a pointer and not a copy. */
const char *gen_patronymic(uint64_t random, PB(Sex) sex)
{
    static char words[2][sizeof fathers / sizeof *fathers][40];
    static bool made;
    for (size_t i = 0; !made && i < sizeof fathers / sizeof *fathers; i++) {
        snprintf(words[0][i], sizeof words[0][i], "%sич", fathers[i]);
        snprintf(words[1][i], sizeof words[1][i], "%sна", fathers[i]);
    }
    made = true;
    return words[sex == PB_SEX(FEMALE)][random % (sizeof fathers / sizeof *fathers)];
}

const char *gen_street(uint64_t random) { return PICK(streets, random); }
